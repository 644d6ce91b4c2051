"""Scenarios as they are told: `play >> event` for what happens, `play << command` for what must follow.

Every command must be asserted before the next event, in order; `play.quietly(...)` is for the way to where a scenario
begins. After every event the laws are checked, and that the same input gives the same output.
"""

from typing import Any

from routing import commands as c
from routing import events as e
from routing.index import build
from routing.laws import broken_in_state, broken_in_step
from routing.state import (
    SECOND,
    Agent,
    Call,
    CallRules,
    Channel,
    Check,
    Floor,
    Frame,
    Kind,
    Leg,
    Seed,
    TeamRules,
    Verdict,
)
from routing.step import next_deadline, step

T0 = 1_790_000_000 * SECOND
SEED = Seed("2026-11-21", "00ff")


class Playbook:
    """One floor and its time."""

    def __init__(self, rules: TeamRules | None = None, seed: Seed = SEED) -> None:
        self.floor: Floor = build("CTKV1", rules or TeamRules(), seed, now=T0)
        self.now = T0
        self.said: list[c.Command] = []
        self.reports = 0

    def __rshift__(self, event: e.Event) -> "Playbook":
        assert not self.said, f"not asserted: {self.said}"
        self.said = self._step(event)
        return self

    def __lshift__(self, command: Any) -> "Playbook":
        assert self.said, f"nothing was said, but expected {command}"
        assert self.said[0] == command
        self.said.pop(0)
        return self

    def quietly(self, *events: e.Event) -> list[c.Command]:
        """Let events happen; the commands are given back and need not be asserted."""
        assert not self.said, f"not asserted: {self.said}"
        return [command for event in events for command in self._step(event)]

    def silent(self) -> None:
        """Nothing (more) was said."""
        assert self.said == []

    def _step(self, event: e.Event) -> list[c.Command]:
        before = self.floor
        result = step(before, event, self.now)
        assert step(before, event, self.now) == result
        assert broken_in_state(result.floor) == []
        assert broken_in_step(before, event, result) == []
        self.floor = result.floor
        return list(result.commands)

    def after(self, seconds: float) -> "Playbook":
        """Let time pass; what becomes due fires with the next event."""
        self.now += round(seconds * SECOND)
        return self

    def tick_after(self, seconds: float) -> "Playbook":
        """Let time pass and look."""
        return self.after(seconds) >> e.Tick()

    def tick_at_deadline(self) -> "Playbook":
        """Jump to the next deadline and look."""
        due = next_deadline(self.floor)
        assert due is not None
        self.now = due
        return self >> e.Tick()

    # What a test asks.

    def call(self, call: str = "c1") -> Call:
        return self.floor.calls[call]

    def agent(self, agent: str = "a1") -> Agent:
        return self.floor.agents[agent]

    def report(self) -> int:
        self.reports += 1
        return self.reports

    # The way to where a scenario begins.

    def agent_present(self, agent: str = "a1", skills: frozenset[str] = frozenset(), node: str = "n1") -> None:
        """An agent with his console open, not ready yet."""
        self.quietly(e.AgentJoined(agent, skills, "employer"), e.AgentConnected(agent, node, f"t-{agent}"))

    def agent_ready(self, agent: str = "a1", skills: frozenset[str] = frozenset(), node: str = "n1") -> None:
        """An agent who wants calls."""
        self.agent_present(agent, skills, node)
        self.quietly(e.AgentReady(agent, f"ready-{agent}"))

    def caller(self, call: str = "c1", rules: CallRules | None = None, **changes: Any) -> list[c.Command]:
        """A caller who waits, his page connected."""
        fields: dict[str, Any] = {
            "request": f"join-{call}",
            "call": call,
            "verification": f"v-{call}",
            "company": "CTKV4",
            "attempt": 1,
            "priority": 0,
            "skills": frozenset(),
            "rules": rules or CallRules(),
            "node": "n1",
        }
        request = e.CallRequested(**{**fields, **changes})
        return self.quietly(request, e.CallerConnected(call, "n1", f"t-{call}"))

    def ringing(self, rules: CallRules | None = None, agents: tuple[str, ...] = ("a1",)) -> None:
        """c1 rings at one of the agents."""
        for agent in agents:
            self.agent_ready(agent)
        self.caller(rules=rules)

    def rung(self, call: str = "c1") -> str:
        """At whom it rings."""
        offer = self.call(call).offer
        assert offer is not None
        return offer.agent

    def accept(self, call: str = "c1") -> str:
        """Let the agent at whom it rings accept."""
        agent = self.rung(call)
        self.quietly(e.OfferAccepted(agent, call, self.call(call).offers, "w1", f"accept-{call}"))
        return agent

    def negotiate(self, leg: Leg, call: str = "c1") -> None:
        """A new peer connection for a leg."""
        state = self.call(call).leg(leg)
        self.quietly(e.MediaOffered(call, leg, state.socket, f"sdp-{leg}-{state.media}", "w1"))

    def flow(self, leg: Leg, call: str = "c1") -> None:
        """Packets of both kinds arrive from a leg."""
        media = self.call(call).leg(leg).media
        self.quietly(*(e.MediaFlowing(call, leg, media, kind) for kind in Kind))

    def present(self, leg: Leg, call: str = "c1", rtp_timestamp: int = 90_000) -> None:
        """A page shows the other side."""
        media = self.call(call).leg(leg).media
        self.quietly(e.FramePresented(call, leg, media, rtp_timestamp))

    def connect(self, call: str = "c1") -> None:
        """From CONNECTING to ACTIVE."""
        for leg in Leg:
            self.negotiate(leg, call)
        for leg in Leg:
            self.flow(leg, call)
        for leg in Leg:
            self.present(leg, call)

    def active(self, rules: CallRules | None = None, agents: tuple[str, ...] = ("a1",)) -> str:
        """c1 is ACTIVE; gives the agent who holds it."""
        self.ringing(rules, agents)
        agent = self.accept()
        self.connect()
        assert self.call().phase == "active"
        return agent

    def tick_checks(self, agent: str = "a1", call: str = "c1") -> None:
        """The agent ticks both of his checks."""
        for check in (Check.DATA, Check.FACES):
            self.quietly(e.CheckSet(agent, call, check, True, f"check-{check}"))

    def frame(self, call: str = "c1") -> Frame:
        """The frame that the agent saw last."""
        frame = self.call(call).last_frame
        assert frame is not None
        return frame

    def press(self, verdict: Verdict, request: str = "verdict", **changes: Any) -> e.VerdictPressed:
        """The press of the agent who holds c1."""
        agent = self.call().agent
        fields = {"agent": agent, "call": "c1", "verdict": verdict, "reason": "r1", "fraud": False, "note": ""}
        fields |= {"frame": self.call().last_frame, "request": request}
        return e.VerdictPressed(**{**fields, **changes})

    def deciding(self, verdict: Verdict = Verdict.CONFIRMED) -> None:
        """From ACTIVE to DECIDING."""
        agent = self.call().agent
        assert agent is not None
        self.tick_checks(agent)
        self.quietly(self.press(verdict))
        assert self.call().phase == "deciding"

    def silence(self, leg: Leg, age: float = 0, call: str = "c1") -> e.LegSilent:
        """The report that a leg's media has been silent for `age` seconds."""
        media = self.call(call).leg(leg).media
        return e.LegSilent(call, leg, Channel.MEDIA, media, self.report(), round(age * SECOND))

    def sound(self, leg: Leg, call: str = "c1") -> e.LegHeard:
        """The report that it is heard again."""
        return e.LegHeard(call, leg, Channel.MEDIA, self.call(call).leg(leg).media, self.report())


def ok(request: str, detail: str = "") -> c.Answered:
    return c.Answered(request, "ok", detail)
