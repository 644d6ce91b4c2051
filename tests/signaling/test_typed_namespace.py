"""What lies between python-socketio and our messages: JSON, packets, and frames without compression."""

import json
from typing import Any

import pytest
import socketio.packet
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from signaling.typed_namespace import WireJson, WirePacket, make_server, uncompressed

MESSAGES: list[Any] = [
    ["beat", {"version": 3}],
    ["verdict", {"note": 'Ông Ấy nói "được"\n\u2028', "fraud": True, "frame": None, "at": 1_795_143_600_000_000}],
    ["changes", {"changes": [[["call", "lost", 0, "until"], -1]], "empty": [[], {}]}],
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message[0])
def test_a_packet_is_read_and_written_as_the_librarys_own(message: list[Any]) -> None:
    fields = {"packet_type": socketio.packet.EVENT, "namespace": "/console", "id": 7, "data": message}
    ours, theirs = WirePacket(**fields).encode(), socketio.packet.Packet(**fields).encode()
    for text in (ours, theirs):
        read = WirePacket(encoded_packet=text)
        assert (read.namespace, read.id, read.data) == ("/console", 7, message)
        assert socketio.packet.Packet(encoded_packet=text).data == message
    assert len(ours.encode()) <= len(theirs.encode())


@pytest.mark.parametrize("text", ["", "{", "[1,]", '["beat",{"version":NaN}]', '["beat",Infinity]', "[" * 10_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=" at line "):
        WireJson.loads(text)


def test_json_is_written_without_spaces_whatever_is_asked_for() -> None:
    value = {"a": [1, "ấ", None, True]}
    assert WireJson.dumps(value, separators=(", ", ": ")) == '{"a":[1,"ấ",null,true]}'
    assert json.loads(WireJson.dumps(value)) == value


async def test_a_socket_is_not_compressed_though_the_browser_offers_it() -> None:
    async def elsewhere(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    app = web.Application(middlewares=[uncompressed])
    app.router.add_get("/elsewhere", elsewhere)
    server = make_server()
    server.attach(app)
    async with TestClient(TestServer(app)) as client:
        async with client.ws_connect("/socket.io/?EIO=4&transport=websocket", compress=15) as socket:
            opening = await socket.receive_str()
            assert (opening[0], socket.compress) == ("0", 0)
        async with client.ws_connect("/elsewhere", compress=15) as socket:
            assert socket.compress == 15
        await server.shutdown()
