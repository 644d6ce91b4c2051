"""What observers of a replay saw, as the answers that people read."""

from collections import Counter
from collections.abc import Iterable, Mapping

from routing.state import Call
from signaling.explained_call import ExplainedCall, Made, Place
from signaling.explained_day import ExplainedDay, Stand
from signaling.explanation_models import AgentDay, CallExplanation, Excluded, Offered, Person, Stretch, Waited
from vouch.ids import call_number

People = Mapping[str, Person]


def call_answer(
    call: Call, team: str, seen: ExplainedCall, people: People, difference: str | None, *, everybody: bool
) -> CallExplanation:
    """One call's explanation; without `everybody` only those are named who were chosen."""
    return CallExplanation(
        call=call.id,
        number=call_number(call.id),
        verification=call.verification,
        company=call.company,
        team=team,
        priority=call.priority,
        skills=sorted(call.skills),
        queued_at=call.queued_at,
        outcome=call.outcome,
        ended_at=call.ended_at,
        offers=[_offered(made, people, everybody=everybody) for made in seen.offers],
        waits=[_waited(place) for place in seen.places],
        exact=difference is None,
        difference=difference,
    )


def _offered(made: Made, people: People, *, everybody: bool) -> Offered:
    match, drawn = made.match, made.match.drawn()
    passed_over = match.passed_over if everybody else ()
    return Offered(
        at=match.at,
        offer=match.offer,
        agent=_named(people, match.agent),
        among=len(match.candidates),
        strategy=match.strategy,
        candidates=[_named(people, agent) for agent in match.candidates] if everybody else [],
        excluded=[Excluded(agent=_named(people, agent), reason=reason) for agent, reason in passed_over],
        reasons=_counted(reason for _, reason in match.passed_over),
        day=match.seed.day,
        drawn_right=None if drawn is None else drawn == match.agent,
        result=made.result,
        ended_at=made.ended_at,
    )


def _waited(place: Place) -> Waited:
    return Waited(
        at=place.at,
        place=place.place,
        queue=place.queue,
        reachable=place.reachable,
        held=list(place.held),
        reasons=place.reasons,
    )


def day_answer(agent: Person, team: str, day: str, seen: ExplainedDay, until: int, difference: str | None) -> AgentDay:
    """One agent's day."""
    stands = seen.close(until)
    lasted: Counter[str] = Counter()
    for stand in stands:
        lasted[stand.standing] += stand.until - stand.since
    return AgentDay(
        agent=agent,
        team=team,
        day=day,
        since=seen.since,
        until=until,
        standing_us=dict(sorted(lasted.items())),
        offers=_counted(reason for stand in stands for reason in stand.offers.elements()),
        candidate=seen.candidate,
        expected=round(seen.expected, 3),
        drawn=seen.drawn,
        stretches=[_stretch(stand) for stand in stands],
        exact=difference is None,
        difference=difference,
    )


def _stretch(stand: Stand) -> Stretch:
    return Stretch(
        since=stand.since,
        until=stand.until,
        standing=stand.standing,
        reason=stand.reason,
        call=stand.call,
        offers=_counted(stand.offers.elements()),
        waiting=_counted(stand.waiting.values()),
        held=sorted(stand.held),
    )


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(map(str, reasons)).items()))


def _named(people: People, agent: str) -> Person:
    return people.get(agent) or Person(id=agent, username="", full_name="")
