"""When a floor must be looked at again. Not what happens then: that is `step.py`.

Each call and each agent has at most one alarm, its earliest deadline; the floor keeps them sorted, so that the shell
arms one timer and a step finds what is due without looking at everybody.
"""

from routing.state import QUEUED, Agent, Alarm, Call, Due, Floor, Phase


def next_deadline(floor: Floor) -> int | None:
    """The instant, in microseconds UTC, at which the floor must be stepped again; None: nothing is running."""
    return floor.index.alarms[0].at if floor.index.alarms else None


def call_alarm(call: Call) -> Alarm | None:
    """The earliest deadline of a call, None if it has none.

    A verdict that waits for its picture holds everything else: what becomes due meanwhile fires when it is settled.
    """
    if call.decision is not None:
        return Alarm(call.decision.deadline, Due.EVIDENCE, call.id)
    if call.phase is Phase.ENDED:
        return None
    alarms = [Alarm(at, due, call.id) for at, due in _running(call) if at is not None]
    return min(alarms)


def _running(call: Call) -> list[tuple[int | None, Due]]:
    if call.phase is Phase.RINGING and call.offer is not None:
        return [(call.customer_leg.lost_until, Due.CUSTOMER_LOST), (call.offer.deadline, Due.RING)]
    legs = [(call.customer_leg.lost_until, Due.CUSTOMER_LOST)]
    if call.phase not in QUEUED:
        legs.append((call.agent_leg.lost_until, Due.AGENT_LOST))
    return [*legs, (call.deadline, Due.PHASE)]


def agent_alarm(agent: Agent) -> Alarm | None:
    """The end of the agent's wrap-up, or the next date of his account; None if there is neither."""
    alarms = [] if agent.wrap_up is None else [Alarm(agent.wrap_up.deadline, Due.WRAP_UP, agent.id)]
    dates = [date for date in (agent.valid_from, agent.valid_until) if date is not None]
    if dates:
        alarms.append(Alarm(min(dates), Due.ACCOUNT, agent.id))
    return min(alarms, default=None)
