"""Requests made of the table's lines: a path with real ids, a body that gets as far as the subject, and what came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import agent_console
import ekyc
from tests.access.actors import Actor, opened
from tests.access.table import Row
from tests.access.world import AGENTS, PEERS, World
from vouch.accounts.models import Account, SecondFactor, SessionKind
from vouch.ids import digest, new_id

SHUT = frozenset({401, 403, 404})
REFUSED = frozenset({400, 409, 410, 413, 422, 503})
"""For a body or a moment: after whoever asks was let in."""
_FORM = {
    "full_name": "Nguyễn Văn Ân",
    "id_number": "079090001234",
    "date_of_birth": "1990-05-17",
    "id_type": "chip_card",
    "address": "12 Lê Lợi",
    "msisdn": "0901234567",
    "sub_type": "ET1",
    "customer_type": "individual",
    "payment": "prepaid",
}
_CHECK = {name: _FORM[name] for name in ("full_name", "id_number", "date_of_birth")}
_PROOF = ("/app", "/passkey", "/removal", "/recovery-codes")
"""Routes that ask for the password once more."""


@dataclass(frozen=True)
class Asked:
    """What came of a request."""

    status: int
    body: bytes
    marker: str = ""
    """What a list holds where it shows the side that was asked for."""

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def code(self) -> str:
        """The problem's code; empty where there is none."""
        told = json.loads(self.body) if self.status >= 400 and self.body.startswith(b"{") else {}
        return str(told.get("code", ""))

    @property
    def let_in(self) -> bool:
        """Whether whoever asked was let in; of a list, whether it shows what is looked for."""
        return self.status not in SHUT and (not self.marker or self.marker in self.text)

    def __str__(self) -> str:
        return f"{self.status} {self.code}".strip()


async def ask(
    world: World, row: Row, actor: Actor, headers: Mapping[str, str], side: str = "own", *, query: str | None = None
) -> Asked:
    """Ask for a side of what a line is about; `side` is one of the world's, `query` another than the usual."""
    found = await _subject(world, row, actor, side)
    path = row.path.format(**found)
    marker = _marker(world, row, found, side)
    sent = _body(world, row, actor) if row.changes else None
    address = world.house.origin + path + (_query(world, row, side) if query is None else query)
    async with world.client.request(row.method, address, json=sent, headers=dict(headers)) as answer:
        return Asked(answer.status, await answer.read(), marker)


async def _subject(world: World, row: Row, actor: Actor, side: str) -> dict[str, str]:
    """Values of all names that a path may hold; of what a request may take away, fresh ones."""
    of = world.sides[side]
    found = {
        "id": of.verification,
        "verification": of.verification,
        "call": of.call,
        "agent": world.people[AGENTS[side]].id,
        "leg": "customer",
        "media": "1",
        "key": of.key,
        "kind": actor.account_kind if row.path.startswith("/api/account") else "portrait",
        "name": _asset(row.path),
    }
    if "{draft}" in row.path:
        found["draft"] = await _draft(world, PEERS["dealer"][side], side)
    if "{factor}" in row.path:
        found["factor"] = await _factor(world, _owner(world, actor, side))
    if "/sessions" in row.path:
        found["session"] = await _session(world, actor, side)
    return found


def _owner(world: World, actor: Actor, side: str) -> Account:
    """Whose account stands for a side, seen by this actor."""
    if side == actor.side and actor.account is not None:
        return actor.account
    return world.people[PEERS[actor.role or "agent"][side]]


async def _draft(world: World, dealer: str, side: str) -> str:
    """The draft that a dealer has begun."""
    if dealer not in world.drafts:
        actor = Actor("dealer", "dealer", side, SessionKind.DEALER, "dealer", world.people[dealer])
        begin = world.client.post(f"{world.house.origin}/api/ekyc/drafts", headers=(await opened(world, actor)).headers)
        async with begin as answer:
            assert answer.status == 201, await answer.text()
            world.drafts[dealer] = (await answer.json())["draft"]
    return world.drafts[dealer]


async def _session(world: World, actor: Actor, side: str) -> str:
    """The public name of a session that lives."""
    role = actor.role or "agent"
    kind = SessionKind.DEALER if role == "dealer" else SessionKind.STAFF
    owner = Actor("owner", role, side, kind, role, _owner(world, actor, side))
    return digest((await opened(world, owner)).row.digest)[:32]


async def _factor(world: World, owner: Account) -> str:
    """A second factor that is set up."""
    now = world.house.node.clock.now()
    async with world.house.node.database.write() as session:
        made = SecondFactor(id=new_id(), account=owner.id, kind="totp", name="app", created_at=now, confirmed_at=now)
        session.add(made)
    return made.id


def _marker(world: World, row: Row, found: Mapping[str, str], side: str) -> str:
    if row.of != "list":
        return ""
    return found["session"] if "session" in found else world.sides[side].verification


def _query(world: World, row: Row, side: str) -> str:
    of = world.sides[side]
    return {
        "/api/console/audit": f"?subject={of.verification}",
        "/api/console/verifications": f"?q={of.markers[2]}",
    }.get(row.path, "")


def _body(world: World, row: Row, actor: Actor) -> Any:
    """The least that gets as far as the subject: as little as that is where there is none."""
    if row.path.endswith(_PROOF) and actor.account is not None:
        return {"password": world.passwords[actor.account.username]}
    if row.path.endswith("/drafts/{draft}/call"):
        return _FORM
    if row.path.endswith("/check"):
        return _CHECK
    if row.path.endswith("/review"):
        return {"mark": "agree", "note": ""}
    return {}


def _asset(path: str) -> str:
    package = {"/ekyc-web": ekyc, "/console-web": agent_console}.get(path.partition("/assets/")[0])
    if package is None or package.__file__ is None:
        return ""
    return next((file.name for file in assets(Path(package.__file__).parent)), "")


def assets(package: Path) -> list[Path]:
    """The built files of a package's pages; none where they are not built."""
    folder = package / "web" / "dist" / "assets"
    return sorted(folder.iterdir()) if folder.is_dir() else []
