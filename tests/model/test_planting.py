"""Planted faults: the list is complete and fits the source, and one of each kind is seen caught. All: `./dev model`."""

import pytest

from tests.model.planting import ROOT, judge
from tests.model.plants import PLANTS, Plant

ROUTING = ROOT / "routing"


def test_every_file_of_routing_has_a_plant() -> None:
    files = {str(file.relative_to(ROUTING)) for file in ROUTING.rglob("*.py") if file.read_text().strip()}
    assert {plant.file for plant in PLANTS} == files
    assert len(PLANTS) >= 20


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.file}: {plant.breaks}")
def test_a_plant_changes_one_place(plant: Plant) -> None:
    text = (ROUTING / plant.file).read_text()
    assert text.count(plant.old) == 1
    # Still Python: what breaks down while it is imported would be no test of the laws.
    compile(text.replace(plant.old, plant.new), plant.file, "exec")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("breaks", "by"), [("a stale offer is accepted", "explorer"), ("a stable code", "scenarios")])
def test_a_plant_is_caught(breaks: str, by: str) -> None:
    plant = next(plant for plant in PLANTS if plant.breaks.startswith(breaks))
    assert judge(plant).caught_by == by
