"""`vouch explain` and `vouch draws check`: explanations and findings as lines of text."""

from collections.abc import Mapping, Sequence

from signaling.call_trail import clock_time
from signaling.draw_check import Findings
from signaling.explanation_models import AgentDay, CallExplanation, Offered, Person, Stretch, Waited
from vouch.clock import MINUTE, SECOND, in_vietnam

_MOST_SHOWN = 20


def call_lines(told: CallExplanation) -> list[str]:
    """One call."""
    end = f"ended {told.outcome} at {clock_time(told.ended_at)}" if told.ended_at else "not over"
    skills = f", needs {'+'.join(told.skills)}" if told.skills else ""
    head = [
        f"Call {told.number} ({told.call}) of {told.company}, team {told.team}{skills}, priority {told.priority}",
        f"{in_vietnam(told.queued_at):%Y-%m-%d}: joined at {clock_time(told.queued_at)}, {end}",
    ]
    events = [(each.at, 0, _waited(each)) for each in told.waits] + [
        (each.at, 1, _offered(each)) for each in told.offers
    ]
    return [*head, *(line for _, _, lines in sorted(events, key=lambda each: each[:2]) for line in lines)]


def _waited(wait: Waited) -> list[str]:
    why = [f"offers are held: {', '.join(wait.held)}"] if wait.held else []
    why += [] if wait.reachable else ["the caller's page is not connected"]
    why += [_counts(wait.reasons)] if wait.reasons else []
    told = f"; {'; '.join(why)}" if why else ""
    return [f"{clock_time(wait.at)}  waits, place {wait.place} of {wait.queue}{told}"]


def _offered(offer: Offered) -> list[str]:
    drawn = {None: offer.strategy, True: f"drawn with the seed of {offer.day}", False: "NOT the one whom the draw hits"}
    end = f"; {offer.result} at {clock_time(offer.ended_at)}" if offer.ended_at and offer.result else "; rings"
    line = f"{clock_time(offer.at)}  offer {offer.offer} to {offer.agent.username}, one of {offer.among}"
    lines = [f"{line} ({drawn[offer.drawn_right]}){end}", f"    could be chosen: {_names(offer.candidates)}"]
    by_reason: dict[str, list[Person]] = {}
    for each in offer.excluded:
        by_reason.setdefault(each.reason, []).append(each.agent)
    return lines + [f"    {reason}: {_names(people)}" for reason, people in by_reason.items()]


def agent_lines(told: AgentDay) -> list[str]:
    """One agent's day."""
    stood = ", ".join(f"{how} {_minutes(lasted)}" for how, lasted in told.standing_us.items())
    head = [
        f"{told.agent.username} ({told.agent.full_name}), team {told.team}, {told.day} "
        f"{clock_time(told.since)} to {clock_time(told.until)}",
        f"stood: {stood or 'nothing is known'}",
        f"offers to anybody: {_counts(told.offers) or 'none'}",
        f"draws he was in: {told.candidate}; by chance {told.expected:.1f} of them hit him, {told.drawn} did",
    ]
    return [*head, *(line for stretch in told.stretches for line in _stretch(stretch))]


def _stretch(stretch: Stretch) -> list[str]:
    how = " ".join(filter(None, (stretch.standing, stretch.reason and f"({stretch.reason})", stretch.call)))
    lines = [f"{clock_time(stretch.since)} to {clock_time(stretch.until)}  {how}"]
    if stretch.offers:
        lines.append(f"    offers meanwhile: {_counts(stretch.offers)}")
    if stretch.standing == "free":
        lines += [f"    offers were held: {', '.join(stretch.held)}"] if stretch.held else []
        lines += [f"    callers waited: {_counts(stretch.waiting)}"] if stretch.waiting else []
        lines += [] if stretch.waiting or stretch.offers else ["    no caller waited"]
    return lines


def check_lines(findings: Findings) -> list[str]:
    """What a check of a day's draws found."""
    when = "before the day" if findings.beforehand else "not before the day began"
    shown = findings.mismatches[:_MOST_SHOWN]
    more = len(findings.mismatches) - len(shown)
    return [
        f"{findings.day}: committed to {when}",
        f"{findings.floors} floors, {findings.events} events stepped, {findings.offers} offers checked, "
        f"{findings.drawn} of them drawn; {findings.calls} calls compared with their rows",
        *shown,
        *([f"and {more} more"] if more else []),
        f"{len(findings.mismatches)} mismatches",
    ]


def _counts(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.items())


def _names(people: Sequence[Person]) -> str:
    shown = [person.username or person.id for person in people[:_MOST_SHOWN]]
    more = len(people) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _minutes(duration: int) -> str:
    return f"{duration // MINUTE} min {duration % MINUTE // SECOND} s"
