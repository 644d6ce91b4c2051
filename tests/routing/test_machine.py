"""Whatever happens in whatever order: the laws hold, what is old changes nothing, and time alone settles every call.

Hypothesis draws events that name present and past numbers alike, and lets time pass in steps that hit deadlines
exactly.
"""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from routing import events as e
from routing.laws import broken_in_state, broken_in_step
from routing.state import (
    LIVE,
    SECOND,
    CallRules,
    Channel,
    Check,
    DeclineRule,
    Kind,
    Leg,
    Phase,
    ReconnectRule,
    Span,
    Strategy,
    TeamRules,
    Verdict,
)
from routing.step import next_deadline, step
from tests.routing.playbook import Playbook

AGENTS = ("a1", "a2", "a3")
CALLS = ("c1", "c2", "c3", "c4", "c5")
NODES = ("n1", "n2")
WORKERS = ("w1", "w2")

agents = st.sampled_from(AGENTS)
calls = st.sampled_from(CALLS)
legs = st.sampled_from(Leg)
# Mostly the same page: another one begins its media anew.
pages = st.sampled_from(("", "", "another"))
# How far behind the present number an event is: mostly not at all.
behind = st.sampled_from((0, 0, 0, 1, 2))
rules = st.builds(
    CallRules,
    longest_wait=st.sampled_from((40 * SECOND, 600 * SECOND)),
    longest_call=st.sampled_from((30 * SECOND, 1800 * SECOND)),
    decline_rule=st.sampled_from(DeclineRule),
    reconnect_rule=st.sampled_from(ReconnectRule),
    redirect_limit=st.sampled_from((None, 2)),
)
teams = st.builds(
    TeamRules,
    wrap_up=st.sampled_from((0, 30 * SECOND)),
    strategy=st.sampled_from(Strategy),
    agent_audio_required=st.booleans(),
    pair_cap=st.sampled_from((None, None, 1, 2)),
)


class FloorMachine(RuleBasedStateMachine):
    """A small floor with everything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Playbook()
        self.requests = 0
        self.joined = {"c1"}

    @initialize(rules=rules, team=teams, way=st.integers(0, 5), staff=st.integers(1, 3))
    def a_call_is_on_its_way(self, rules: CallRules, team: TeamRules, way: int, staff: int) -> None:
        """Begin anywhere: a random walk from an empty floor seldom comes far."""
        self.happens(e.TeamChanged(team))
        for agent in AGENTS[:staff]:
            self.play.agent_ready(agent)
        self.play.caller("c1", rules)
        for _ in range(way):
            if "c1" in self.live():
                self._go_on("c1")

    def request(self) -> str:
        self.requests += 1
        return f"r{self.requests}"

    def happens(self, event: e.Event, *, is_old: bool = False) -> None:
        """Let it happen; what is old must be the same as nothing but time."""
        before, now = self.play.floor, self.play.now
        self.play.quietly(event)
        if is_old:
            assert self.play.floor == step(before, e.Tick(), now).floor

    def live(self) -> list[str]:
        return [call for call in self.play.floor.calls if self.play.floor.calls[call].phase in LIVE]

    # Time.

    @rule(seconds=st.sampled_from((0.000_001, 1, 4, 5, 10, 15, 19.999_999, 20, 30, 61)))
    def time_passes(self, seconds: float) -> None:
        self.play.after(seconds)
        self.happens(e.Tick())

    @rule(early=st.sampled_from((0, 1)))
    def time_jumps_to_a_deadline(self, early: int) -> None:
        due = next_deadline(self.play.floor)
        if due is not None:
            self.play.now = max(self.play.now, due - early)

    # Callers.

    @precondition(lambda self: self.joined < set(CALLS))
    @rule(rules=rules, again=st.booleans(), skilled=st.booleans())
    def a_caller_joins(self, rules: CallRules, *, again: bool, skilled: bool) -> None:
        skills = frozenset({"english"}) if skilled else frozenset()
        # Ids are drawn afresh for every request.
        call = min(set(CALLS) - self.joined)
        self.joined.add(call)
        verification = "v-c1" if again else f"v-{call}"
        self.happens(
            e.CallRequested(self.request(), call, verification, "CTKV4", 1, skilled * 1, skills, rules, "n1", "d1")
        )
        self.happens(e.CallerConnected(call, "n1", self.request()))

    @rule(call=calls, node=st.sampled_from(NODES), page=pages)
    def a_callers_page_connects(self, call: str, node: str, page: str) -> None:
        self.happens(e.CallerConnected(call, node, self.request(), page))

    @precondition(live)
    @rule(data=st.data(), behind=behind, age=st.sampled_from((0, 3)), signed_out=st.booleans())
    def a_callers_page_is_gone(self, data: Any, behind: int, age: int, *, signed_out: bool) -> None:
        call = data.draw(st.sampled_from(self.live()))
        socket = self.play.call(call).customer_leg.socket - behind
        self.happens(e.CallerDisconnected(call, socket, age * SECOND, signed_out), is_old=behind > 0)

    @precondition(live)
    @rule(data=st.data(), behind=behind)
    def a_caller_hangs_up(self, data: Any, behind: int) -> None:
        call = data.draw(st.sampled_from(self.live()))
        socket = self.play.call(call).customer_leg.socket - behind
        self.happens(e.CallerHungUp(call, socket, self.request()), is_old=behind > 0)

    # Agents.

    @rule(agent=agents, node=st.sampled_from(NODES), page=pages)
    def a_console_connects(self, agent: str, node: str, page: str) -> None:
        self.happens(e.AgentConnected(agent, node, self.request(), page))

    @rule(agent=agents, behind=behind, age=st.sampled_from((0, 3)), signed_out=st.booleans())
    def a_console_is_gone(self, agent: str, behind: int, age: int, *, signed_out: bool) -> None:
        member = self.play.floor.agents.get(agent)
        socket = (member.socket if member else 0) - behind
        self.happens(e.AgentDisconnected(agent, socket, age * SECOND, signed_out), is_old=behind > 0)

    @rule(agent=agents, wants=st.sampled_from((True, True, False)))
    def an_agent_is_ready_or_not(self, agent: str, *, wants: bool) -> None:
        self.happens(e.AgentReady(agent, self.request()) if wants else e.AgentPaused(agent, self.request(), "lunch"))

    @rule(agent=agents)
    def an_agent_is_done(self, agent: str) -> None:
        self.happens(e.WrapUpEnded(agent, self.request()))

    @rule(agent=agents, skilled=st.booleans(), valid=st.sampled_from((True, True, True, False)))
    def an_account_changes(self, agent: str, *, skilled: bool, valid: bool) -> None:
        skills = frozenset({"english"}) if skilled else frozenset()
        self.happens(e.AgentChanged(agent, skills, "", valid))

    @rule(agent=agents, begins=st.sampled_from((None, 5, 40)), ends=st.sampled_from((None, 10, 60)))
    def an_account_gets_dates(self, agent: str, begins: int | None, ends: int | None) -> None:
        dates = [None if date is None else self.play.now + date * SECOND for date in (begins, ends)]
        self.happens(e.AgentChanged(agent, frozenset(), "", True, *dates))

    @rule(agent=agents)
    def an_account_is_removed(self, agent: str) -> None:
        self.happens(e.AgentRemoved(agent))

    # A call.

    @precondition(live)
    @rule(data=st.data(), behind=behind, takes=st.sampled_from((True, True, True, False)), anybody=st.booleans())
    def an_offer_is_pressed(self, data: Any, behind: int, *, takes: bool, anybody: bool) -> None:
        call = self.play.call(data.draw(st.sampled_from(self.live())))
        agent = call.offer.agent if call.offer and not anybody else data.draw(agents)
        number, request = call.offers - behind, self.request()
        is_old = behind > 0 or call.offer is None
        if takes:
            self.happens(e.OfferAccepted(agent, call.id, number, "w1", request), is_old=is_old)
        else:
            self.happens(e.OfferDeclined(agent, call.id, number, "busy", request), is_old=is_old)

    @precondition(live)
    @rule(data=st.data())
    def a_call_goes_its_way(self, data: Any) -> None:
        self._go_on(data.draw(st.sampled_from(self.live())))

    @precondition(live)
    @rule(data=st.data(), far=st.integers(2, 4))
    def a_call_goes_far(self, data: Any, far: int) -> None:
        call = data.draw(st.sampled_from(self.live()))
        for _ in range(far):
            if call in self.live():
                self._go_on(call)

    def _go_on(self, call_id: str) -> None:
        """The ordinary next thing."""
        call = self.play.call(call_id)
        match call.phase:
            case Phase.WAITING:
                self._staff_up(call_id)
            case Phase.RINGING:
                self.play.accept(call.id)
            case Phase.CONNECTING:
                self.play.connect(call.id)
            case Phase.ACTIVE:
                self._decide(call.id)
            case Phase.DECIDING:
                self.happens(e.EvidenceStored(call.id, call.decisions))

    def _staff_up(self, call_id: str) -> None:
        self.happens(e.OffersResumed("disk_full"))
        self.happens(e.CallerConnected(call_id, "n1", self.request()))
        for agent in AGENTS:
            self.happens(e.AgentChanged(agent, frozenset({"english"}), "", True))
            self.happens(e.AgentConnected(agent, "n1", self.request()))
            self.happens(e.AgentReady(agent, self.request()))

    def _decide(self, call_id: str) -> None:
        call = self.play.call(call_id)
        for check in Check:
            self.happens(e.CheckSet(call.agent or "", call_id, check, True, self.request()))
        press = e.VerdictPressed(
            call.agent or "", call_id, Verdict.CONFIRMED, "r1", False, "", call.last_frame, self.request()
        )
        self.happens(press)

    @precondition(live)
    @rule(data=st.data(), leg=legs, behind=behind)
    def a_page_negotiates(self, data: Any, leg: Leg, behind: int) -> None:
        call = data.draw(st.sampled_from(self.live()))
        socket = self.play.call(call).leg(leg).socket - behind
        self.happens(e.MediaOffered(call, leg, socket, self.request(), "w2"), is_old=behind > 0)

    @precondition(live)
    @rule(data=st.data(), leg=legs, behind=behind, kind=st.sampled_from(Kind))
    def packets_flow(self, data: Any, leg: Leg, behind: int, kind: Kind) -> None:
        call = data.draw(st.sampled_from(self.live()))
        media = self.play.call(call).leg(leg).media - behind
        self.happens(e.MediaFlowing(call, leg, media, kind), is_old=behind > 0)

    @precondition(live)
    @rule(data=st.data(), leg=legs, behind=behind, timestamp=st.sampled_from((None, 1, 2)))
    def a_frame_is_presented(self, data: Any, leg: Leg, behind: int, timestamp: int | None) -> None:
        call = data.draw(st.sampled_from(self.live()))
        media = self.play.call(call).leg(leg).media - behind
        self.happens(e.FramePresented(call, leg, media, timestamp), is_old=behind > 0)

    @precondition(live)
    @rule(data=st.data(), leg=legs, behind=behind, channel=st.sampled_from(Channel), age=st.sampled_from((0, 3, 16)))
    def a_leg_is_silent(self, data: Any, leg: Leg, behind: int, channel: Channel, age: int) -> None:
        call = data.draw(st.sampled_from(self.live()))
        number = self._number(call, leg, channel) - behind
        event = e.LegSilent(call, leg, channel, number, self.play.report(), age * SECOND)
        self.happens(event, is_old=behind > 0)
        self.happens(replace(event, age=0), is_old=True)

    @precondition(live)
    @rule(data=st.data(), leg=legs, behind=behind, channel=st.sampled_from(Channel))
    def a_leg_is_heard(self, data: Any, leg: Leg, behind: int, channel: Channel) -> None:
        call = data.draw(st.sampled_from(self.live()))
        event = e.LegHeard(call, leg, channel, self._number(call, leg, channel) - behind, self.play.report())
        self.happens(event, is_old=behind > 0)

    def _number(self, call_id: str, leg: Leg, channel: Channel) -> int:
        state = self.play.call(call_id).leg(leg)
        if channel is Channel.MEDIA:
            return state.media
        agent = self.play.floor.agents.get(self.play.floor.calls[call_id].agent or "")
        return agent.socket if leg is Leg.AGENT and agent else state.socket

    # The agent's presses and what comes of them.

    @precondition(live)
    @rule(data=st.data(), verdict=st.sampled_from(Verdict), late=st.integers(0, 29), stored=st.booleans())
    def a_talk_ends_and_a_verdict_comes_late(self, data: Any, verdict: Verdict, late: int, *, stored: bool) -> None:
        call = self.play.call(data.draw(st.sampled_from(self.live())))
        self.happens(e.CallerHungUp(call.id, call.customer_leg.socket, self.request()))
        self.play.after(late)
        self.happens(e.VerdictPressed(call.agent or "", call.id, verdict, "r1", True, "n", None, self.request()))
        if stored:
            self.happens(e.EvidenceStored(call.id, call.decisions + 1))

    @rule(
        call=calls,
        agent=agents,
        verdict=st.sampled_from(Verdict),
        reason=st.sampled_from(("", "r1")),
        anybody=st.booleans(),
    )
    def a_verdict_is_pressed(self, call: str, agent: str, verdict: Verdict, reason: str, *, anybody: bool) -> None:
        known = self.play.floor.calls.get(call)
        frame = known.last_frame if known else None
        agent = agent if anybody or known is None or known.agent is None else known.agent
        self.happens(e.VerdictPressed(agent, call, verdict, reason, False, "", frame, self.request()))

    @rule(call=calls, behind=behind, how=st.sampled_from(("stored", "failed", "refused")))
    def a_picture_is_settled(self, call: str, behind: int, how: str) -> None:
        known = self.play.floor.calls.get(call)
        number = (known.decisions if known else 0) - behind
        events: dict[str, e.Event] = {
            "stored": e.EvidenceStored(call, number),
            "failed": e.EvidenceFailed(call, number),
            "refused": e.PictureRefused(call, number, "frame_unknown"),
        }
        self.happens(events[how], is_old=behind > 0)

    @rule(call=calls, agent=agents, check=st.sampled_from(Check), ticked=st.booleans())
    def a_check_is_set(self, call: str, agent: str, check: Check, *, ticked: bool) -> None:
        self.happens(e.CheckSet(agent, call, check, ticked, self.request()))

    @rule(call=calls, agent=agents, reason=st.sampled_from(("", "r1")))
    def an_agent_ends_the_call(self, call: str, agent: str, reason: str) -> None:
        self.happens(e.AgentEnded(agent, call, reason, self.request()))

    @rule(call=calls, gate=st.sampled_from(("recording", "matcher", "recheck")), how=st.sampled_from("sox"))
    def a_gate_moves(self, call: str, gate: str, how: str) -> None:
        events: dict[str, e.Event] = {
            "s": e.GateShut(call, gate),
            "o": e.GateOpened(call, gate),
            "x": e.GateOverridden("a1", call, gate, "r1", self.request()),
        }
        self.happens(events[how])

    # Faults of ours, and settings.

    @rule(worker=st.sampled_from(WORKERS), replacement=st.sampled_from((None, *WORKERS)), age=st.sampled_from((0, 3)))
    def a_worker_is_lost(self, worker: str, replacement: str | None, age: int) -> None:
        self.happens(e.WorkerLost(worker, replacement, age * SECOND))

    @rule(node=st.sampled_from(NODES), age=st.sampled_from((0, 3)))
    def a_node_is_lost(self, node: str, age: int) -> None:
        self.happens(e.NodeLost(node, age * SECOND))

    @rule(held=st.booleans())
    def offers_are_held_or_not(self, *, held: bool) -> None:
        self.happens(e.OffersHeld("disk_full") if held else e.OffersResumed("disk_full"))

    @rule(spans=st.lists(st.integers(-60, 600), max_size=4, unique=True), always=st.booleans())
    def the_hours_change(self, spans: list[int], *, always: bool) -> None:
        ends = [self.play.now + second * SECOND for second in sorted(spans)]
        hours = tuple(Span(*pair) for pair in zip(ends[::2], ends[1::2], strict=False))
        self.happens(e.HoursChanged(None if always else hours))

    @rule(day=st.sampled_from(("2026-11-21", "2026-11-22")))
    def a_day_begins(self, day: str) -> None:
        self.happens(e.SeedSet(day, "00ff"))

    @rule(rules=teams)
    def the_team_changes(self, rules: TeamRules) -> None:
        self.happens(e.TeamChanged(rules))

    @invariant()
    def looking_again_changes_nothing(self) -> None:
        floor, now = self.play.floor, self.play.now
        due = next_deadline(floor)
        if due is None or due > now:
            result = step(floor, e.Tick(), now)
            assert (result.commands, result.floor.version) == ((), floor.version)

    def teardown(self) -> None:
        """Time alone settles every call."""
        floor = self.play.floor
        for _ in range(200):
            due = next_deadline(floor)
            if due is None:
                break
            result = step(floor, e.Tick(), max(due, floor.now, self.play.now))
            assert broken_in_state(result.floor) == []
            assert broken_in_step(floor, e.Tick(), result) == []
            floor = result.floor
        assert [call.id for call in floor.calls.values()] == []
        assert next_deadline(floor) is None


FloorMachine.TestCase.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestFloor = FloorMachine.TestCase
