"""The words of the floor: closed lists and names, kept in rows and sent to pages, so none changes its meaning."""

from enum import StrEnum

SECOND = 1_000_000


class InvariantBrokenError(Exception):
    """Our own fault, never a peer's: what must not be is. The caller drops its cached floor and writes nothing."""


class Phase(StrEnum):
    WAITING = "waiting"
    RINGING = "ringing"
    CONNECTING = "connecting"
    ACTIVE = "active"
    DECIDING = "deciding"
    ENDED = "ended"


class Outcome(StrEnum):
    """Why a call ended; a closed list, known to callers of the integration API."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNABLE_TO_VERIFY = "unable_to_verify"
    DECLINED = "declined"
    NO_AGENT = "no_agent"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    AGENT_ENDED = "agent_ended"
    CONNECTION_LOST = "connection_lost"
    INTERRUPTED = "interrupted"
    TOO_LONG = "too_long"
    SETUP_FAILED = "setup_failed"


class Verdict(StrEnum):
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNABLE_TO_VERIFY = "unable_to_verify"


class Leg(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"


class Kind(StrEnum):
    AUDIO = "audio"
    VIDEO = "video"


class Channel(StrEnum):
    """By which of its two connections a leg is heard."""

    SOCKET = "socket"
    MEDIA = "media"


class DeclineRule(StrEnum):
    REDIRECT = "redirect"
    END = "end"


class ReconnectRule(StrEnum):
    RESUME = "resume"
    RESUME_WITH_RECHECK = "resume_with_recheck"
    STRICT = "strict"


class Strategy(StrEnum):
    RANDOM = "random"
    LONGEST_IDLE = "longest_idle"
    FEWEST_CALLS = "fewest_calls"


class Check(StrEnum):
    """What the agent ticks: `data` and `faces` together open the gate `checks`, `recheck` that of its name."""

    DATA = "data"
    FACES = "faces"
    RECHECK = "recheck"


class Notice(StrEnum):
    """What the caller is told about agents. `declined` is final: it is shown only when the call has ended by it."""

    ACCEPTED = "accepted"
    PASSING_ON = "passing_on"
    DECLINED = "declined"


class Exclusion(StrEnum):
    """Why an agent was not among those whom a call could be offered to; the first that holds is told."""

    NOT_VALID = "not_valid"
    """His account may not take calls."""
    BUSY = "busy"
    """He has a call, or one rings at him."""
    WRAP_UP = "wrap_up"
    OFFLINE = "offline"
    PAUSED = "paused"
    LACKS_SKILL = "lacks_skill"
    DECLINED = "declined"
    """He refused this call."""
    NO_MEDIA = "no_media"
    """He had this call and no media came about."""
    MET_TOO_OFTEN = "met_too_often"
    """He has had as many calls of this dealer today as the team allows."""
    RANG_OUT = "rang_out"
    """He let this call ring out, and others were free."""


GATE_CHECKS = "checks"
GATE_RECHECK = "recheck"
GATE_RECORDING = "recording"
GATE_FROZEN = "frozen"
NEVER_OVERRIDDEN = frozenset({GATE_CHECKS, GATE_RECORDING, GATE_FROZEN})
"""Gates that no reason opens: the first is the agent's own work, the others would let a verdict stand without proof."""

DID_NOT_ANSWER = "did_not_answer"
CONNECTION_LOST = "connection_lost"
WAS_AWAY = "was_away"
JUST_JOINED = "just_joined"
ACCOUNT_CHANGED = "account_changed"
SIGNED_OUT = "signed out"
"""In place of a page's name, whose names are no sentences: whoever comes next is another page."""
LIVE = frozenset(Phase) - {Phase.ENDED}
QUEUED = frozenset({Phase.WAITING, Phase.RINGING})
HELD_BY_AGENT = frozenset({Phase.CONNECTING, Phase.ACTIVE, Phase.DECIDING})
TALKING = frozenset({Phase.ACTIVE, Phase.DECIDING})
