"""Whoever's view differs after a change is looked at: the floor's own machine, with anything in any order."""

from hypothesis import HealthCheck, settings

from routing.state import Floor
from routing.step import step
from signaling import present
from signaling.audience import audience
from signaling.writer import Changes
from tests.routing.playbook import Playbook
from tests.routing.test_machine import FloorMachine

NO_QUEUE: present.Body = {}


class Watched(Playbook):
    """Compares what everybody is shown before and after each event."""

    def _step(self, event):
        before = self.floor
        did = step(before, event, self.now)
        changes = Changes(before, did.floor, did.commands, did.touched_calls, did.forgotten, did.touched_agents)
        said = super()._step(event)
        check(changes)
        return said


def check(changes: Changes) -> None:
    """The law."""
    before, after, told = changes.before, changes.after, audience(changes)
    for agent in {*before.agents, *after.agents}:
        if shown(before, agent) != shown(after, agent):
            assert agent in told.agents | told.ringing
    for call in {*before.calls, *after.calls}:
        if present.caller_body(before, call) != present.caller_body(after, call):
            queued = told.queue_moved and any(place.call == call for place in after.index.queue)
            assert call in told.calls or queued
    for agent in told.ringing:
        assert after.calls[after.index.serving[agent]].phase == "ringing"
    if before.version == after.version:
        assert not told.agents | told.ringing | told.calls, "a hub would not look at a floor of the same version"


def shown(floor: Floor, agent: str) -> present.Body | None:
    return present.agent_body(floor, agent, (), NO_QUEUE)


class AudienceMachine(FloorMachine):
    """The floor's machine, watched."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Watched()


AudienceMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestAudience = AudienceMachine.TestCase
