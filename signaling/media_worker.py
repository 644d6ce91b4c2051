"""`vouch media-worker`: one media worker by itself, on a machine without a node; the nodes are told where it is."""

import asyncio
from dataclasses import replace

import click

from media.plane import worker_settings
from media.process import WorkerProcess
from media.supervisor import WorkerSupervisor
from signaling.composition import media_secret, media_settings
from signaling.serve import stop_signal
from vouch.keys import Keys
from vouch.logs import configure, logger
from vouch.settings import Settings

log = logger(__name__)


def run(settings: Settings, name: str, listen: str) -> None:
    """Keep the worker running until SIGINT or SIGTERM. click.ClickException where it cannot know the nodes' secret."""
    configure(settings.log_level)
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise click.UsageError("--listen must be HOST:PORT, an address that the nodes reach.")
    if not settings.media_secret and not Keys.exists(settings.data_dir):
        raise click.ClickException("Set VOUCH_MEDIA_SECRET here and on every node to the same long random text.")
    secret = settings.media_secret or media_secret(settings, Keys.load(settings.data_dir))
    told = replace(media_settings(settings, secret), listen_host=host)
    supervisor = WorkerSupervisor(name, worker_settings(told, name, secret, int(port)), _listening, _ended)
    try:
        asyncio.run(_until_stopped(supervisor))
    except RuntimeError as error:
        raise click.ClickException(f"{error}: is {listen} free, and an address of this machine?") from None


async def _until_stopped(supervisor: WorkerSupervisor) -> None:
    stop = stop_signal()
    try:
        await supervisor.start()
        await stop.wait()
    finally:
        await supervisor.close()


def _listening(name: str, process: WorkerProcess) -> None:
    log.info("media worker listens", worker=name, port=process.port)


def _ended(name: str, process: WorkerProcess) -> None:
    log.warning("media worker has ended; it is started again", worker=name, boot=process.boot)
