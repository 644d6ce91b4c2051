"""What a worker may still do once it runs: the files that it reads, the port that it listens on, its limits.

It reads its own code and libraries, and what looking up a STUN server's name needs; it writes nothing, and over TCP it
connects to nobody. Data directory, `.env` and other processes are out of reach wherever they lie, because only
packages' own folders are named and never what they lie in.
"""

import media
import vouch
from media.server import MOST_UNKEPT
from media.worker_settings import WorkerSettings
from vouch.confinement import LIBRARIES, NAMES, PYTHON, Confinement, confine, folders
from vouch.logs import logger

log = logger(__name__)

MEBIBYTE = 1 << 20
RESERVED = 2
"""How often the room for calls may be reserved: memory that is allocated and never touched counts too."""
FILES, FILES_OF_CALL = 1_024, 64
"""Descriptors of a worker without calls, and of each: two legs, either perhaps on its way to another page's connection,
a socket on each address of the machine."""


def confinement(settings: WorkerSettings) -> Confinement:
    """What this worker needs."""
    return Confinement(
        read=(*PYTHON, *LIBRARIES, *NAMES, *folders([media, vouch])),
        listen=(settings.port,),
        memory=settings.memory_mib * MEBIBYTE * RESERVED + MOST_UNKEPT,
        files=FILES + FILES_OF_CALL * settings.longest_calls,
    )


def confine_worker(settings: WorkerSettings) -> None:
    """Confine this process, before it has any thread and has read anything of strangers; the log says what is missing.

    Processor time is not limited here, because a worker lives long: it takes no call that its core cannot bear
    (`media.load`), is ended when it hangs (`media.supervisor`), and the unit or container may limit it further.
    """
    held = confine(confinement(settings))
    if not held.files:
        log.warning("this system has no Landlock: only the user's own rights keep a media worker from the node's files")
    elif not held.tcp:
        log.warning("this system's Landlock knows no TCP ports: a media worker could connect to others")
