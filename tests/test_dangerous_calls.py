"""What the product's code does not do, read from the code itself: run, load or show as markup what others sent."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("routing", "media", "ekyc", "agent_console", "signaling", "vouch")
WEB = ("agent_console/web/src", "ekyc/web/src", "signaling/client/src")
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
# Loaders that make objects, or fetch, as their input says; readers of XML; templates; other systems' query languages.
LOADERS = {
    *("pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "yaml", "jsonpickle", "xml", "lxml"),
    *("xmlrpc", "jinja2", "mako", "ldap", "ldap3", "smtplib", "imaplib", "pymemcache", "telnetlib", "ftplib"),
}
WEAK_HASHES = {"md5", "md4", "sha1", "sha224", "MD5", "SHA1", "SHA224"}
# Chance that anybody can foresee: only for the number of a port, which is no secret.
FORESEEABLE = {"media/aiortc_sockets.py"}
# A node takes any certificate of a worker, because proofs are bound to its hash (tests/media/test_channel.py).
UNCHECKED = {"media/channel.py"}
MARKUP = re.compile(
    r"dangerouslySetInnerHTML|\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function|"
    r"createContextualFragment|srcdoc|javascript:|setTimeout\(\s*['\"]|\bDOMParser\b"
)
ELSEWHERE = re.compile(r"\bpostMessage\b|addEventListener\(\s*['\"]message['\"]|document\.domain|window\.opener")


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" not in file.parts:
                yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())


TREES = list(_trees())


def _imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _scripts() -> Iterator[tuple[str, str]]:
    for folder in WEB:
        for file in sorted((ROOT / folder).rglob("*.ts*")):
            if ".test." not in file.name:
                yield file.relative_to(ROOT).as_posix(), file.read_text()


SCRIPTS = list(_scripts())


def test_there_is_something_to_read() -> None:
    assert len(TREES) > 200
    assert len(SCRIPTS) > 80


def test_no_text_is_run_as_code() -> None:
    assert [(name, called) for name, tree in TREES for called, _ in _calls(tree) if called in RUNS_TEXT] == []


def test_nothing_is_loaded_that_makes_objects_as_its_text_says() -> None:
    assert [(name, found) for name, tree in TREES if (found := _imported(tree) & LOADERS)] == []


def test_no_command_goes_through_a_shell() -> None:
    shells = {"os.system", "os.popen", "asyncio.create_subprocess_shell", "subprocess.getoutput"}
    found = [
        (name, called)
        for name, tree in TREES
        for called, node in _calls(tree)
        if called in shells or any(each.arg == "shell" for each in node.keywords)
    ]
    assert found == []


def test_sql_is_text_of_ours_alone() -> None:
    """`text()` and driver calls get literals, or names of this module's own constants; never a put-together string."""
    made = (ast.JoinedStr, ast.BinOp, ast.Call)
    found = [
        (name, node.lineno)
        for name, tree in TREES
        if not name.startswith("vouch/migrations/versions/")
        for called, node in _calls(tree)
        if called.rpartition(".")[2] in {"text", "exec_driver_sql", "executescript"}
        and node.args
        and isinstance(node.args[0], made)
    ]
    assert found == []


def test_no_weak_hash_stands_for_anything() -> None:
    found = [
        (name, called) for name, tree in TREES for called, _ in _calls(tree) if called.rpartition(".")[2] in WEAK_HASHES
    ]
    assert found == []


def test_what_must_not_be_foreseen_is_not_drawn_by_random() -> None:
    assert {name for name, tree in TREES if "random" in _imported(tree)} == FORESEEABLE


def test_nobodys_certificate_goes_unchecked() -> None:
    loose = re.compile(r"CERT_NONE|_create_unverified_context|check_hostname\s*=\s*False|verify_ssl=False|\bssl=False")
    found = {name for name, tree in TREES if loose.search(ast.unparse(tree))}
    assert found == UNCHECKED


@pytest.mark.parametrize("never", [MARKUP, ELSEWHERE])
def test_pages_show_text_as_text_and_listen_to_no_other_page(never: re.Pattern[str]) -> None:
    assert [(name, found[0]) for name, text in SCRIPTS if (found := never.search(text))] == []


def test_pages_keep_in_the_browser_what_is_known_here_and_nothing_else() -> None:
    kept = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.open")
    assert {name for name, text in SCRIPTS if kept.search(text)} == {
        "agent_console/web/src/agent/draft.ts",  # a note that is not sent yet, while its call lasts
        "ekyc/web/src/ekyc/last-case.tsx",  # the id of a verification
        "ekyc/web/src/join/leave.tsx",  # that the page was left
        "signaling/client/src/language.ts",  # the language
    }


@pytest.mark.parametrize(
    "planted",
    ["eval(x)", "import pickle", "subprocess.run(x, shell=True)", 'text(f"SELECT {x}")', "hashlib.md5(b'')"],
)
def test_a_planted_fault_is_found(monkeypatch: pytest.MonkeyPatch, planted: str) -> None:
    monkeypatch.setattr("tests.test_dangerous_calls.TREES", [("planted.py", ast.parse(planted))])
    checks = (
        test_no_text_is_run_as_code,
        test_nothing_is_loaded_that_makes_objects_as_its_text_says,
        test_no_command_goes_through_a_shell,
        test_sql_is_text_of_ours_alone,
        test_no_weak_hash_stands_for_anything,
    )
    failed = 0
    for check in checks:
        try:
            check()
        except AssertionError:
            failed += 1
    assert failed == 1
