"""What a company may set: rules of the call and rules of the team, each with its default and why."""

from dataclasses import dataclass

from routing.words import GATE_CHECKS, SECOND, DeclineRule, ReconnectRule, Strategy


@dataclass(frozen=True, slots=True)
class CallRules:
    """The rules of the company that the verification belongs to, copied into the call when it starts."""

    longest_wait: int = 600 * SECOND
    """How long a caller may wait: a dealer keeps a customer at the counter for ten minutes, hardly longer."""
    longest_call: int = 1800 * SECOND
    """How long a call may be ACTIVE: a forgotten call must not hold an agent for the rest of his shift."""
    decline_rule: DeclineRule = DeclineRule.REDIRECT
    """What one refusal means: the next agent is asked, or the call ends."""
    reconnect_rule: ReconnectRule = ReconnectRule.RESUME_WITH_RECHECK
    """What a gap of the customer's leg means: after it, another person may sit there."""
    redirect_limit: int | None = None
    """So many refusals end the call as declined; None: as long as somebody is left."""
    waiting_grace: int = 60 * SECOND
    """How long a caller who waits or rings may be gone: a phone goes into a pocket."""
    grace: int = 15 * SECOND
    """How long a leg may be gone from CONNECTING on, counted from the last thing heard; the operator's rule."""
    gates: frozenset[str] = frozenset({GATE_CHECKS})
    """Gates that are shut whenever an agent accepts."""


@dataclass(frozen=True, slots=True)
class TeamRules:
    """The rules of the company whose agents handle the call."""

    ring_time_out: int = 20 * SECOND
    """How long an offer rings: time to look up from the last dossier, short for the one who waits."""
    wrap_up: int = 30 * SECOND
    """Time for notes after a call that was ACTIVE; 0: none."""
    set_up: int = 10 * SECOND
    """How long media may take from accept to ACTIVE: a camera, ICE and DTLS take 1-3 s, a bad mobile network 8."""
    evidence: int = 5 * SECOND
    """How long keeping the picture may take before the agent is asked to press again."""
    strategy: Strategy = Strategy.RANDOM
    """How one of the eligible is chosen; random makes collusion of dealer and agent hard."""
    pair_cap: int | None = 10
    """So many calls of one dealer an agent may accept in a day, against collusion; None: any number. A busy shop makes
    some tens of calls a day, and chance gives one of five agents hardly ten of them: who has more was sought out, or
    the team is so small that it must say so itself."""
    head_start: int = 120 * SECOND
    """What one point of a caller's priority is worth: he stands as if he had come so much earlier, so nobody waits for
    ever behind those who come later."""
    closing_grace: int = 300 * SECOND
    """How long after closing those who came before are still served; then they end as `closed`."""
    away_after: int = 60 * SECOND
    """An agent whose console was gone for longer comes back not ready: he may have left his desk."""
    agent_audio_required: bool = True
    """False where agents have no microphone: then his video alone makes the call ACTIVE."""
    usual_call: int = 180 * SECOND
    """Handling time from which the first expected waits are reckoned, until the floor has calls of its own."""
