"""The short form of `./dev chaos routing`, with every kind of fault once: nothing is lost."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests import services
from tests.chaos.routing import Options, chaos, last_line


@pytest.mark.timeout(300)
async def test_a_short_run_loses_nothing() -> None:
    services.program("postgresql")
    services.program("redis")
    # Not in pytest's own folder: PostgreSQL runs as somebody else, and whoever starts pytest next shuts that.
    with TemporaryDirectory(prefix="vouch-chaos-") as name:
        home = Path(name)
        home.chmod(0o755)
        options = Options(minutes=0.25, rate=1, kills=2, stops=1, redis=1, nodes=2, agents=6, patience=5)
        outcome = await chaos(options, home)
    assert outcome.findings.__dict__ == {name: [] for name in outcome.findings.__dict__}
    line = last_line(outcome)
    assert line["kills"] == 2
    assert outcome.calls >= 15
