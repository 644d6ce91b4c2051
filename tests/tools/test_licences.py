"""Every package's licence is listed, and none binds Vouch's own code."""

from tools import licences
from tools.advisories import pins


def test_the_document_says_what_is_installed() -> None:
    assert licences.DOCUMENT.read_text().partition(licences.BEGIN)[2] == licences.tables(), "./dev audit --licences"


def test_every_package_is_under_a_licence_that_is_allowed() -> None:
    python, _ = licences.python_licences()
    every = python | licences.web_licences()
    assert {name: told for name, told in every.items() if not licences.named(told) <= licences.FREE} == {}
    assert [name for name, told in every.items() if not told] == []


def test_only_packages_of_other_systems_are_missing() -> None:
    python, missing = licences.python_licences()
    assert len(python) + len(missing) == len(pins(["runtime"]))
    assert set(missing) <= {"async-timeout", "colorama", "winloop"}, "no licence was read of these"


def test_what_the_wheel_of_pyav_carries_is_said() -> None:
    text = licences.DOCUMENT.read_text()
    assert "x264" in text
    assert "GPL" in text
