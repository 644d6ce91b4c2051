"""The companies' rules, accounts' skills and dates, clients' priority: as an administrator meets them."""

import json

from signaling.commands import Instant
from tests.signaling.test_commands import Shell, shell

__all__ = ["shell"]


def test_rules_are_shown_changed_and_told_again(shell: Shell) -> None:
    shell.run("migrate")
    shown = shell.run("rules", "show", "CTKV1")
    assert "ring_time_out_s    20\n" in shown
    assert "hours              mon-sat 08:00-12:00 13:00-17:00\n" in shown
    assert "pause_reasons      -" in shown

    told = shell.run(
        "rules", "set", "CTKV1", "ring_time_out_s=25", "hours=always", "--reason", "a pilot", "--author", "Ánh"
    )
    assert "  ring_time_out_s: 20 -> 25\n  hours: mon-sat 08:00-12:00 13:00-17:00 -> always\n" in told
    assert told.startswith("CTKV1, from 20")
    shown = shell.run("rules", "show", "CTKV1")
    assert "ring_time_out_s    25   (since 20" in shown
    assert "ring_time_out_s    20\n" in shell.run("rules", "show", "CTKV2")
    assert "ring_time_out_s    20\n" in shell.run("rules", "show", "CTKV1", "--at", "2020-01-01")

    history = shell.run("rules", "history", "CTKV1")
    assert "by Ánh, made 20" in history
    assert "a pilot\n  ring_time_out_s = 25\n  hours = always" in history
    assert "own rules hold" in shell.run("rules", "history", "CTKV2")


def test_a_rule_goes_back_to_the_installations_own(shell: Shell) -> None:
    shell.run("migrate")
    shell.run("rules", "set", "CTKV1", "wrap_up_s=5", "skilled_papers=foreign_passport", "--reason", "x")
    assert "skilled_papers     foreign_passport   (since" in shell.run("rules", "show", "CTKV1")
    assert "  wrap_up_s: 5 -> 30" in shell.run("rules", "set", "CTKV1", "wrap_up_s=", "--reason", "x")
    assert "wrap_up_s          30\n" in shell.run("rules", "show", "CTKV1")
    assert "wrap_up_s = the installation" in shell.run("rules", "history", "CTKV1")


def test_a_change_has_the_name_that_was_given_once_for_the_command(shell: Shell) -> None:
    shell.run("migrate")
    shell.run("--as", "Bình", "rules", "set", "CTKV1", "wrap_up_s=5", "--reason", "x")
    assert "by Bình, made 20" in shell.run("rules", "history", "CTKV1")
    assert "by Bình as " in shell.run("audit", "--limit", "1")


def test_a_dry_run_changes_nothing(shell: Shell) -> None:
    shell.run("migrate")
    told = shell.run("rules", "set", "CTKV1", "holidays=no", "--reason", "x", "--dry-run")
    assert "  holidays: yes -> no" in told
    assert "Nothing was changed" in told
    assert "holidays           yes\n" in shell.run("rules", "show", "CTKV1")


def test_a_change_to_come_names_its_instant(shell: Shell) -> None:
    shell.run("migrate")
    told = shell.run("rules", "set", "CTKV1", "pair_cap=3", "--from", "2099-12-01T08:00", "--reason", "fraud")
    assert "CTKV1, from 2099-12-01 08:00:00+07:00:\n  pair_cap: 10 -> 3" in told
    assert "pair_cap           10\n" in shell.run("rules", "show", "CTKV1")
    assert "pair_cap           3" in shell.run("rules", "show", "CTKV1", "--at", "2099-12-01T01:00Z")


def test_pause_reasons_are_written_as_json(shell: Shell) -> None:
    shell.run("migrate")
    reasons = json.dumps([{"code": "prayer", "vi": "Cầu nguyện", "en": "Prayer"}])
    shell.run("rules", "set", "CTKV1", f"pause_reasons={reasons}", "--reason", "x")
    assert "Cầu nguyện" in shell.run("rules", "show", "CTKV1")


def test_what_is_wrong_ends_in_one_sentence(shell: Shell) -> None:
    shell.run("migrate")
    reason = ("--reason", "x")
    for arguments, says in (
        (("CTKV99", "wrap_up_s=5", *reason), "CTKV1 to CTKV9"),
        (("CTKV1", "wrap_up_s", *reason), "RULE=VALUE"),
        (("CTKV1", "wrapup=5", *reason), "There is no rule `wrapup`"),
        (("CTKV1", "wrap_up_s=soon", *reason), "`wrap_up_s`: Input should be a valid number"),
        (("CTKV1", "hours=mon 8-12", *reason), "`8-12` is no time"),
        (("CTKV1", "wrap_up_s=30", *reason), "so already"),
        (("CTKV1", "wrap_up_s=5", "--reason", " "), "Give a reason"),
        (("CTKV1", "wrap_up_s=5", "--from", "2020-01-01", *reason), "cannot be changed"),
        (("CTKV1", "wrap_up_s=5", "--from", "soon", *reason), "write it as 2026-12-01"),
        (("CTKV1", "skilled_papers=library_card", *reason), "no paper `library_card`"),
    ):
        assert says in shell.run("rules", "set", *arguments, fails=True), arguments
    assert "CTKV1 to CTKV9" in shell.run("rules", "show", "nowhere", fails=True)


def test_an_agents_skills_dates_employer_and_company(shell: Shell) -> None:
    shell.run("migrate")
    shell.run(
        "user", "add", "anh", "--role", "agent", "--company", "CTKV1", "--name", "Ánh",
        "--valid-from", "2026-01-01", "--valid-until", "2099-01-01",
    )  # fmt: skip
    assert shell.run("user", "skills", "anh", "paper:foreign_passport", "language:en") == (
        "anh: language:en paper:foreign_passport\n"
    )
    assert shell.run("user", "skills", "anh") == "anh: no skills\n"
    assert "`english` is no skill" in shell.run("user", "skills", "anh", "english", fails=True)
    assert "no account" in shell.run("user", "skills", "nobody", fails=True)
    shell.run("user", "change", "anh", "--employer", "Đối tác A", "--company", "CTKV2")
    assert "before it begins" in shell.run("user", "change", "anh", "--valid-until", "2020-01-01", fails=True)
    assert "no company CTKV99" in shell.run("user", "change", "anh", "--company", "CTKV99", fails=True)
    assert "Say what to change" in shell.run("user", "change", "anh", fails=True)
    assert "is changed" in shell.run("user", "change", "anh", "--always-valid", "--employer", "")


def test_a_clients_priority(shell: Shell) -> None:
    shell.run("migrate")
    shell.run("token", "issue", "--company", "CTKV1", "--client", "msale")
    assert "priority 5" in shell.run("token", "priority", "--client", "msale", "5")
    assert "no client" in shell.run("token", "priority", "--client", "mslae", "5", fails=True)
    assert "0<=x<=9" in shell.run("token", "priority", "--client", "msale", "10", fails=True)


def test_instants_are_vietnamese_unless_they_say_otherwise() -> None:
    def read(text: str) -> int:
        return Instant().convert(text, None, None)

    assert read("2026-11-20") == read("2026-11-20T00:00+07:00") == read("2026-11-19T17:00Z") == 1_795_107_600_000_000
    assert read("2026-11-20T10:00:00.5") - read("2026-11-20T10:00") == 500_000
