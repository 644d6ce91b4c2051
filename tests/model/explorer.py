"""Breadth-first exploration of all states of a small floor, and what must hold of each of them and of each step.

Time moves by jumps to the next deadline, and to the instant at which a console has been gone for too long. Everything
else happens at the instant that is reached, any number of things at once, in any order.
"""

import gc
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from routing import events as e
from routing.commands import Answered, Ring
from routing.index import build
from routing.laws import broken_in_state, broken_in_step
from routing.state import LIVE, Floor, InvariantBrokenError, Seed
from routing.step import Step, next_deadline, step
from tests.model.alphabet import Letter, Scope, letters
from tests.model.canonical import Canon
from tests.model.history import broken_in_history
from tests.model.pages import broken_on_pages
from tests.model.said import broken_in_answer

T0 = 1_000
SEEDS = tuple(f"{n:02x}" for n in range(12))
"""Enough for every outcome of a draw between two, but with a chance of 1 in 2^11, the same in every run."""
MOST_VIOLATIONS = 3


class Origin(NamedTuple):
    """How a state was first reached."""

    parent: int
    event: e.Event
    after: int
    """How much later than the state before."""
    seed: Seed


@dataclass
class Result:
    """What an exploration has seen."""

    scope: str
    states: int = 0
    steps: int = 0
    seconds: float = 0
    violations: list[str] = field(default_factory=list)
    is_complete: bool = True
    """False: it was stopped by a limit, or by violations."""
    events: Counter[type] = field(default_factory=Counter)
    """How often each event type was tried."""
    phases: Counter[str] = field(default_factory=Counter)
    """States by the phases of the calls on the floor."""


class Explorer:
    """One exploration of one scope. Limits: `states`, `seconds`, and `bytes` of memory."""

    def __init__(
        self, scope: Scope, *, states: int | None = None, seconds: float | None = None, memory: int | None = None
    ) -> None:
        self.scope = scope
        self.result = Result(scope.name)
        self._limits = states, seconds, memory
        self._canon = Canon(scope)
        self._seen: dict[tuple[int, ...], int] = {}
        self._origins: list[Origin | None] = []
        self._tried: set[int] = set()
        self._by_time: dict[int, list[int]] = {}
        self._live: set[int] = set()
        self._next: list[tuple[int, Floor]] = []

    def run(self) -> Result:
        """Explore until nothing new is found, or a limit is reached."""
        # Nothing here refers to itself, and the collector would walk through millions of objects that stay.
        gc.disable()
        began = time.monotonic()
        try:
            self._explore(began)
        finally:
            gc.enable()
        if self.result.is_complete:
            self._settles()
        self.result.states = len(self._seen)
        self.result.seconds = time.monotonic() - began
        return self.result

    def _explore(self, began: float) -> None:
        self._note(build("floor", self.scope.team, Seed("0001", SEEDS[0]), now=T0), None)
        while self._next:
            layer, self._next = self._next, []
            for number, floor in layer:
                if self._over(began):
                    self.result.is_complete = False
                    return
                self._expand(number, floor)

    def _over(self, began: float) -> bool:
        states, seconds, memory = self._limits
        if len(self.result.violations) >= MOST_VIOLATIONS or (states is not None and len(self._seen) >= states):
            return True
        if seconds is not None and time.monotonic() - began >= seconds:
            return True
        return memory is not None and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 >= memory

    def _expand(self, number: int, floor: Floor) -> None:
        form = self._canon(floor)
        # What is old is judged by the call or agent that it names: once for each form of these is enough.
        is_new = not self._tried.issuperset(form)
        self._tried.update(form)
        for letter, now in self.moves(floor):
            if not letter.is_old or is_new:
                self._try(number, floor, letter, now)
        if any(call.phase in LIVE for call in floor.calls.values()):
            self._live.add(number)

    def moves(self, floor: Floor) -> Iterator[tuple[Letter, int]]:
        """What can happen next, and when."""
        for letter in letters(self.scope, floor):
            yield letter, floor.now
        due = next_deadline(floor)
        if due is not None and self.scope.at_deadline:
            for letter in letters(self.scope, floor):
                if not letter.is_old:
                    yield letter, due
        away = floor.rules.away_after + 1
        gone = [agent.gone_since + away for agent in floor.agents.values() if agent.gone_since is not None]
        instants = [at for at in (*gone, due) if at is not None and at > floor.now]
        if instants:
            yield Letter(e.Tick()), min(instants)

    def _try(self, number: int, floor: Floor, letter: Letter, now: int) -> None:
        event = letter.event
        self.result.events[type(event)] += 1
        try:
            steps = list(outcomes(floor, event, now))
        except (InvariantBrokenError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            self._violated(number, event, now, [f"raised {error!r}"])
            return
        for after, seed in steps:
            self.result.steps += 1
            if now > floor.now or not _is_quiet(floor, event, after):
                self._judge(number, floor, letter, after, seed)
            elif after.commands and (broken := broken_in_answer(floor, event, after.commands[0])):  # type: ignore[arg-type]
                self._violated(number, event, now, broken)

    def _judge(self, number: int, floor: Floor, letter: Letter, after: Step, seed: Seed) -> None:
        event, now = letter.event, after.floor.now
        broken = broken_in_step(floor, event, after)
        if now > floor.now and type(event) is not e.Tick:
            # On its way a leg may be found with one phase's end and lost anew: no grace that ran was lengthened.
            broken = [law for law in broken if "grace was lengthened" not in law]
            broken += self._late(floor, event, after, seed)
        else:
            broken += broken_in_history(floor, event, after)
        if after.floor.version != floor.version or now > floor.now:
            if letter.is_old:
                broken.append("what is old, or nobody's, changed something")
            origin = Origin(number, event, now - floor.now, seed)
            reached, is_new = self._note(after.floor, origin)
            # A known state may have come about with another index, so some of these are looked at again.
            if is_new or self.result.steps % 4 == 0:
                broken += broken_in_state(after.floor)
            if type(event) is e.Tick:
                self._by_time.setdefault(number, []).append(reached)
            if is_new:
                broken += broken_on_pages(after.floor)
                if step(replace(floor, seed=seed), event, now) != after:
                    broken.append("the same input gave another output")
        if broken:
            self._violated(number, event, now, broken)

    def _late(self, floor: Floor, event: e.Event, after: Step, seed: Seed) -> list[str]:
        """What arrives at the very deadline comes after what is due; offers come last, and who leaves goes last."""
        due = step(replace(floor, seed=seed), e.Tick(), after.floor.now)
        if any(isinstance(said, Ring) for said in due.commands) or len(due.floor.agents) < len(floor.agents):
            return []
        both = step(due.floor, event, after.floor.now)
        is_same = _rings(both) != _rings(after) or self._canon(both.floor) == self._canon(after.floor)
        return [] if is_same else ["what was due did not go before what arrived at the deadline"]

    def _note(self, floor: Floor, origin: Origin | None) -> tuple[int, bool]:
        form = self._canon(floor)
        number = self._seen.get(form)
        if number is not None:
            return number, False
        self._seen[form] = number = len(self._origins)
        self._origins.append(origin)
        self._next.append((number, floor))
        self.result.phases[" ".join(sorted(call.phase for call in floor.calls.values())) or "none"] += 1
        return number, True

    def _settles(self) -> None:
        """From every state with a live call, time alone must lead to one without, by whatever draws."""
        settled = set(range(len(self._origins))) - self._live
        waiting = dict.fromkeys(self._live)
        while waiting:
            done = [n for n in waiting if self._by_time.get(n) and settled.issuperset(self._by_time[n])]
            if not done:
                first = min(waiting)
                self.result.violations.append(f"time alone never settles it: {self._trace(first)}")
                return
            settled.update(done)
            for number in done:
                del waiting[number]

    def _violated(self, number: int, event: e.Event, now: int, broken: list[str]) -> None:
        path = self._trace(number)
        self.result.violations.append(f"{'; '.join(broken)}\n{path}\n  at {now - T0}: {event}")
        self.result.is_complete = False

    def _trace(self, number: int) -> str:
        """The events by which a state was first reached, one in each line: no shorter way leads there."""
        origins = []
        while (origin := self._origins[number]) is not None:
            origins.append(origin)
            number = origin.parent
        at, lines = 0, []
        for origin in reversed(origins):
            at += origin.after
            lines.append(f"  at {at}: {origin.event} (seed {origin.seed.value})")
        return "\n".join(lines)


def explored(scope: Scope) -> Result:
    """All of a scope."""
    return Explorer(scope).run()


def outcomes(floor: Floor, event: e.Event, now: int) -> Iterator[tuple[Step, Seed]]:
    """The step, and where agents were drawn the steps that other draws would have made."""
    after = step(floor, event, now)
    yield after, floor.seed
    rings = _rings(after)
    offers = [after.floor.calls[call].offer for call, _ in rings]
    if all(offer is None or offer.among == 1 for offer in offers):
        return
    met = {rings}
    for value in SEEDS:
        seed = Seed(floor.seed.day, value)
        other = step(replace(floor, seed=seed), event, now)
        if (rings := _rings(other)) not in met:
            met.add(rings)
            yield other, seed


def _rings(after: Step) -> frozenset[tuple[str, str]]:
    return frozenset((said.call, said.agent) for said in after.commands if isinstance(said, Ring))


def _is_quiet(floor: Floor, event: e.Event, after: Step) -> bool:
    """Whether the step did nothing but give a press its one answer: then there is nothing to judge."""
    new = after.floor
    if new.version != floor.version or new.calls is not floor.calls or new.agents is not floor.agents:
        return False
    request = getattr(event, "request", None)
    if not after.commands:
        return request is None
    answers = [said for said in after.commands if isinstance(said, Answered) and said.request == request]
    return len(answers) == len(after.commands) == 1


def shown(result: Result) -> str:
    """A line for people."""
    extent = "complete" if result.is_complete else "NOT complete"
    counts = f"{result.states} states, {result.steps} steps, {result.seconds:.1f} s"
    return f"{result.scope}: {counts}, {extent}, {len(result.violations)} violations"


def report(result: Result) -> None:
    """Tell what was seen."""
    sys.stdout.write(shown(result) + "\n")
    for violation in result.violations:
        sys.stdout.write(f"  VIOLATION {violation}\n")
    sys.stdout.flush()
