"""What a floor's changes mean for the evidence: call records, verdicts and results, in the floor's own transaction."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import calls
from routing.commands import CallEnded, VerdictGiven
from routing.state import Call
from signaling.writer import Changes


def _begun(call: Call, floor: str) -> calls.Opened:
    return calls.Opened(call.id, call.verification, call.attempt, floor, call.queued_at, call.dealer or None)


class CallRecords:
    """Writes through `ekyc.calls` what happened to the calls that the steps of a transaction touched."""

    async def write(self, session: AsyncSession, steps: Sequence[Changes]) -> None:
        await self._opened(session, steps)
        for changes in steps:
            for call in sorted(changes.calls):
                await self._progress(session, changes, call)
            for command in changes.commands:
                match command:
                    case VerdictGiven():
                        await self._decided(session, changes, command)
                    case CallEnded():
                        await self._ended(session, changes, command)
                    case _:
                        pass

    async def _opened(self, session: AsyncSession, steps: Sequence[Changes]) -> None:
        new = [each.call(call) for each in steps for call in sorted(each.calls - set(each.before.calls))]
        if new:
            floor = steps[0].after.id
            begun = [_begun(each, floor) for each in new]
            await calls.opened(session, begun)

    async def _progress(self, session: AsyncSession, changes: Changes, call_id: str) -> None:
        """A call that was accepted or became active; read off the data, so none of it can be forgotten."""
        before, after = changes.before.calls.get(call_id), changes.call(call_id)
        if after.agent and after.accepted_at and after.accepted_at != (before.accepted_at if before else None):
            await calls.accepted(session, after.id, after.agent, after.accepted_at)
        if after.started_at and after.started_at != (before.started_at if before else None):
            await calls.started(session, after.id, after.started_at)

    async def _ended(self, session: AsyncSession, changes: Changes, ended: CallEnded) -> None:
        await calls.ended(
            session,
            ended.call,
            ended.outcome,
            ended.phase,
            ended.agent,
            ended.ended_at,
            [(gap.leg.value, gap.since, gap.until) for gap in changes.call(ended.call).gaps],
        )

    async def _decided(self, session: AsyncSession, changes: Changes, given: VerdictGiven) -> None:
        call = changes.call(given.call)
        await calls.decided(
            session,
            given.call,
            given.verdict,
            given.reason or None,
            given.note or None,
            fraud=given.fraud,
            late=given.late,
            agent=given.agent,
            pressed_at=given.pressed_at,
            decided_at=changes.after.now,
            decision=given.decision,
            checks={
                "ticks": {tick.check.value: tick.at for tick in call.ticks},
                "overrides": [{"gate": each.gate, "reason": each.reason, "at": each.at} for each in call.overrides],
            },
        )
