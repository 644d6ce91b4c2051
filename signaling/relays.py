"""What a page's peer connection may ask for its way to the media workers: STUN and TURN servers.

TURN servers that share a secret with us take names and passwords that run out (coturn's `use-auth-secret`,
draft-uberti-behave-turn-rest-00): the page of a call gets its own, and whoever reads one later cannot use it.
"""

import base64
import hmac

from signaling.messages import IceServer, IceServers
from vouch.clock import SECOND, Clock
from vouch.ids import digest
from vouch.settings import Settings

_ID_DIGITS = 24


class Relays:
    """The servers that the settings name, with credentials made now."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def of(self, call: str) -> IceServers:
        """What the pages of this call are told; the relay learns no more of it than a digest of its id."""
        return IceServers(servers=(*self._static(), *self._timed(call)), ttl_s=self._settings.turn_ttl_s)

    def _static(self) -> tuple[IceServer, ...]:
        return tuple(
            IceServer(urls=server.urls, username=server.username, credential=server.credential)
            for server in self._settings.ice_servers
        )

    def _timed(self, call: str) -> tuple[IceServer, ...]:
        until = self._clock.now() // SECOND + self._settings.turn_ttl_s
        username, credential = credentials(self._settings.turn_secret, digest(call)[:_ID_DIGITS], until)
        return tuple(IceServer(urls=url, username=username, credential=credential) for url in self._settings.turn_urls)


def credentials(secret: str, user: str, until: int) -> tuple[str, str]:
    """Name and password that a TURN server with this secret takes up to `until`, in seconds of Unix time.

    draft-uberti-behave-turn-rest-00, 2.2; `user` is any text without a colon.
    """
    username = f"{until}:{user}"
    return username, base64.b64encode(hmac.digest(secret.encode(), username.encode(), "sha1")).decode()
