"""`vouch simulate`: load by robots on both sides of whole calls."""

from pathlib import Path

import click
import pytest

from signaling.simulate import MARGIN_S, Plan, run, simulate
from signaling.simulate_robots import Tally, quantile
from tests.installation import Installation
from tests.signaling.conftest import House
from vouch.accounts.service import Accounts
from vouch.clock import SECOND, SystemClock
from vouch.database import Database
from vouch.settings import Settings


def plan(url: str, folder: Path, **changes: object) -> Plan:
    values = {"calls": 1, "seconds": 1.0, "length": 1.5, "rate": 1.0, "company": "CTKV1", "addresses": ("127.0.0.1",)}
    return Plan(url=url, data_dir=folder, **(values | changes))


async def test_calls_go_the_whole_way_and_are_told_of(
    house: House, installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(_env_file=None, data_dir=installation.folder, database_url=installation.database_url)
    found = await simulate(plan(house.origin, installation.folder), settings, house.seeds)
    assert found["faults"] == {}
    assert found["outcomes"] == {"confirmed": found["started"]}
    assert found["started"] >= 1
    assert found["set_up_p50_s"] > 0
    assert found["lost_packets"] == 0
    assert "1 calls" in capsys.readouterr().out
    database = Database(settings.database)
    account = await Accounts(database, SystemClock()).find("simulated-ctkv1-001")
    await database.close()
    assert account is not None
    assert account.valid_until is not None
    # The run is over, and so is what its robots may do, soon.
    assert account.valid_until < SystemClock().now() + (MARGIN_S + 60) * SECOND


def test_what_is_no_demo_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="vouch demo"):
        run(plan("http://127.0.0.1:1", tmp_path))


def test_faults_are_counted_by_what_they_say() -> None:
    tally = Tally()
    for _ in range(2):
        tally.fault("caller", TimeoutError("too long"))
    assert tally.faults == {"caller: TimeoutError: too long": 2}


def test_a_quantile_of_little_is_what_there_is() -> None:
    assert (quantile([], 0.5), quantile([2.0], 0.95)) == (None, 2.0)
    assert quantile([1.0, 2.0, 3.0], 0.5) == 2.0
