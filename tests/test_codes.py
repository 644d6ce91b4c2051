"""Every stable code that the source gives a problem is told to those who meet it."""

import ast
import re

from tests.test_house import ROOT, SOURCES

COMMANDS_ALONE = {
    "invalid_rule",
    "key_exists",
    "no_token",
    "not_sealed",
    "nothing_changes",
    "passphrase_short",
    "pg_dump_failed",
    "pg_dump_missing",
    "sealed_otherwise",
    "seed_sealed",
    "skill_malformed",
    "starts_in_past",
    "token_exists",
    "unknown_client",
    "unknown_company",
    "unknown_paper",
    "unknown_rule",
    "username_taken",
    "validity_empty",
    "wrong_passphrase",
}
"""Codes that end a command, whose sentence tells what to do; no request is answered so."""
TOLD = ("docs/http.md", "docs/protocol.md", "ekyc/openapi.py")


def test_every_code_is_documented() -> None:
    told = "".join((ROOT / name).read_text() for name in TOLD)
    codes = set(re.findall(r'`([a-z_]+)`|"([a-z_]+)"', told))
    assert given() - {one or other for one, other in codes} == COMMANDS_ALONE


def given() -> set[str]:
    """The codes that stand in the source."""
    found = set()
    for file in SOURCES:
        where = file.relative_to(ROOT).parts
        if where[0] not in {"tests", "tools"} and "demo" not in where:
            found |= {code for node in ast.walk(ast.parse(file.read_text())) if (code := _code(node))}
    return found


def _code(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Name("Problem"), args=[_, ast.Constant(str(code)), *_]):
            return code
    return None
