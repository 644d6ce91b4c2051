"""What tests that are run as a measurement have found; not a measurement itself."""

from typing import Any

import pytest


class Results:
    """A plugin that keeps what tests have measured and whether they held."""

    def __init__(self) -> None:
        self.measured: dict[str, dict[str, Any]] = {}
        self.failed: set[str] = set()
        self.skipped: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.rpartition("::test_")[2]
        if report.failed:
            self.failed.add(name)
        elif report.skipped:
            self.skipped.add(name)
        elif report.when == "call":
            self.measured.setdefault(name, {})
        if report.when == "call" and report.user_properties:
            self.measured[name] = dict(report.user_properties)
