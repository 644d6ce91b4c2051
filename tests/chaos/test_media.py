"""The short form of `./dev chaos media`, with robots alone: a killed worker's calls go on, recorded."""

from pathlib import Path

import pytest

from tests.chaos.media import chaos


@pytest.mark.timeout(180)
async def test_calls_outlive_their_worker(tmp_path: Path) -> None:
    outcome = await chaos(calls=2, browsers=0, home=tmp_path)
    assert outcome.wrong == []
    assert outcome.is_good, outcome.last_line()
