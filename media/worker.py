"""A media worker: `python -m media.worker`. Forwards packets; holds no database address and no key, and is confined.

Its settings come as one line of JSON (`WorkerSettings`) on standard input, which then stays open: when it ends, the
parent has gone, and the worker ends too. It prints `{"listening": port, "boot": number}` on standard output when it is
ready, and from then on an empty line in each second as a sign of life.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import uvloop

from media import fallback
from media.confined import MEBIBYTE, confine_worker
from media.exchange import Exchange
from media.memory import Memory, resident
from media.peer import LinkMaker
from media.server import WorkerServer
from media.worker_settings import WorkerSettings
from vouch import logs
from vouch.collector import calm
from vouch.tasks import TaskSet

log = logs.logger(__name__)

DRAIN_S = 1.0
"""What telling the nodes the ends of all recordings may take: seconds."""
ALIVE_S = 1.0
"""Between two signs of life on standard output, and two looks at the memory: seconds."""
GRACE_S = 3.0
"""What an orderly end may take before the process is ended anyway: seconds."""


async def serve(
    settings: WorkerSettings,
    watch: Callable[[asyncio.AbstractEventLoop, asyncio.Event], None],
    read_memory: Callable[[], int],
) -> None:
    """Run until `watch`, which is given the loop and an event to set from any thread, says so."""
    ended = asyncio.Event()
    calm()
    server = WorkerServer(settings.name, settings.secret, on_abandoned=ended.set, capacity=settings.longest_calls)
    memory = Memory(settings.memory_mib * MEBIBYTE, read_memory, lambda: server.waiting)
    exchange = Exchange(
        make_link=await choose_link(settings),
        udp=settings.udp,
        ice_servers=settings.ice_servers,
        longest_calls=settings.longest_calls,
        evidence=settings.evidence,
        on_event=server.on_event,
        has_room=lambda: not memory.is_full(),
    )
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    exchange.start()
    port = await server.start(exchange, settings.host, settings.port)
    watch(loop, ended)
    sys.stdout.write(json.dumps({"listening": port, "boot": server.boot}) + "\n")
    sys.stdout.flush()
    tasks = TaskSet("worker")
    tasks.spawn("look after", look_after(memory, exchange, ended))
    await ended.wait()
    await tasks.close()
    await exchange.close()
    await server.drain(DRAIN_S)
    await server.close()


async def look_after(memory: Memory, exchange: Exchange, ended: asyncio.Event) -> None:
    """Say that this loop turns; let the worker be started anew where it holds too much, and its calls go on elsewhere.

    One that is full and has no call left would otherwise be full for ever, as what was freed is not always given back.
    """
    os.set_blocking(sys.stdout.fileno(), False)
    while not ended.is_set():
        with suppress(OSError):  # whoever started it does not read on
            os.write(sys.stdout.fileno(), b"\n")
        if memory.is_over():
            log.error("more memory is used than a worker may have: it ends, and its calls go on in another")
            ended.set()
        elif memory.is_full() and not len(exchange):
            log.warning("memory was not given back although no call is left: the worker starts anew")
            ended.set()
        await asyncio.sleep(ALIVE_S)


async def choose_link(settings: WorkerSettings) -> LinkMaker:
    """The way to hold connections that fits the installed aiortc, tried out; raises RuntimeError where none does."""
    try:
        # Another version may lack what that module imports.
        from media import aiortc_seam  # noqa: PLC0415

        aiortc_seam.check()
        await aiortc_seam.self_test()
    except Exception as error:  # noqa: BLE001 - whatever another version trips over
        log.warning(
            "calls cost up to three times as much, are small and keep no exact frame: install aiortc 1.16",
            reason=f"{type(error).__name__}: {error}",
        )
        if settings.udp.ports is not None:
            log.warning("media is received on any UDP port, not only on those that are set: install aiortc 1.16")
        fallback.install()
        return fallback.FallbackLink
    return aiortc_seam.PeerLink


def watch_parent(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """End this process when standard input ends, in order or, if that takes too long, not."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            continue
        threading.Timer(GRACE_S, partial(os._exit, 1)).start()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, name="parent watch", daemon=True).start()


def main() -> None:
    """Read the settings and serve."""
    # Ctrl-C reaches the whole group of processes; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = WorkerSettings.model_validate_json(sys.stdin.buffer.readline())
    logs.configure(settings.log_level)
    read_memory = resident()
    confine_worker(settings)
    uvloop.run(serve(settings, watch_parent, read_memory))
    # A decoder that still runs must not hold the process.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
