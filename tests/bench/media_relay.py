"""aiortc's own relay as a server: what a call costs that is decoded and encoded. Run as a process of its own.

    python -m tests.bench.media_relay ADDRESS

Answers offers by HTTP, `POST /CALL/LEG`; each side gets the other's tracks through a MediaRelay.
"""

import asyncio
import sys

from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay


class Relay:
    """All calls of the process."""

    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._peers: list[RTCPeerConnection] = []
        self._tracks: dict[tuple[str, str, str], asyncio.Future[object]] = {}

    async def answer(self, request: web.Request) -> web.Response:
        call, leg = request.match_info["call"], request.match_info["leg"]
        other = {"customer": "agent", "agent": "customer"}[leg]
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.append(peer)
        peer.on(
            "track",
            lambda found: self._track(call, leg, found.kind).set_result(self._relay.subscribe(found, buffered=False)),
        )
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        for transceiver in peer.getTransceivers():
            transceiver.direction = "sendrecv"
            sender = transceiver.sender
            self._track(call, other, transceiver.kind).add_done_callback(
                lambda ready, sender=sender: sender.replaceTrack(ready.result())
            )
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(text=peer.localDescription.sdp)

    def _track(self, call: str, leg: str, kind: str) -> asyncio.Future[object]:
        return self._tracks.setdefault((call, leg, kind), asyncio.get_running_loop().create_future())


async def serve(address: str) -> None:
    application = web.Application()
    application.router.add_post("/{call}/{leg}", Relay().answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, address, 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
