"""A small world for tests of evidence and results: two companies, a client, people, and verifications on demand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, text

from ekyc import calls
from ekyc.evidence import LAST_FRAME, CallFrame, Evidence
from ekyc.models import (
    CallRecord,
    Client,
    OutboxMessage,
    Picture,
    PictureKind,
    VerdictRecord,
    Verification,
)
from ekyc.names import fold
from ekyc.webhooks import seal
from tests import services
from tests.clock import ManualClock
from vouch import audit
from vouch.accounts.models import Account, Company, Role, Shop
from vouch.blobs import DirectoryBlobs
from vouch.clock import DAY, SECOND
from vouch.database import Base, Database
from vouch.ids import call_number, new_id
from vouch.keys import Keys

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AGENT, OTHER_AGENT, SUPERVISOR = "a" * 32, "b" * 32, "c" * 32
NAMES = {AGENT: ("agent1", "Nguyễn Thị Ánh Tuyết"), OTHER_AGENT: ("agent2", "Trần Đức"), SUPERVISOR: ("super1", "Lê")}
KEYS = Keys(b"k" * 32)
assert audit.AuditEntry.metadata is Base.metadata


def jpeg(width: int = 320, height: int = 240, colour: tuple[int, int, int] = (90, 120, 140)) -> bytes:
    """A plain picture."""
    stream = BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "JPEG", quality=95)
    return stream.getvalue()


@dataclass
class Stage:
    """The world's parts, and short ways to what tests need in it."""

    database: Database
    clock: ManualClock
    blobs: DirectoryBlobs
    keys: Keys
    evidence: Evidence
    folder: Path
    attempts: dict[str, int] = field(default_factory=dict)

    async def verification(self, company: str = "CTKV4", **fields: Any) -> str:
        """A verification that was opened now, with its three papers."""
        row = verification_row(company, self.clock.now()) | fields
        row["full_name_folded"] = fold(row["customer"]["full_name"])
        blob = await self.blobs.put(jpeg(), ".jpg")
        async with self.database.write() as session:
            session.add(Verification(**row))
            await session.flush()
            for kind in (PictureKind.ID_FRONT, PictureKind.ID_BACK, PictureKind.PORTRAIT):
                paper = {"verification": row["id"], "kind": kind, "source": "camera", "at": self.clock.now()}
                size = {"width": 320, "height": 240, "clean_key": blob.key, "clean_sha256": blob.sha256}
                session.add(Picture(id=new_id(), **paper, **size))
        return str(row["id"])

    async def open(self, verification: str, team: str = "CTKV1") -> str:
        """A further call of the verification, queued now."""
        call = new_id()
        attempt = self.attempts[verification] = self.attempts.get(verification, 0) + 1
        async with self.database.write() as session:
            await calls.opened(session, [calls.Opened(call, verification, attempt, team, self.clock.now())])
        return call

    async def talk(self, verification: str, agent: str = AGENT, team: str = "CTKV1") -> str:
        """A further call, accepted after 5 s, on both screens after 6 s and lasting for a minute by now."""
        call = await self.open(verification, team)
        async with self.database.write() as session:
            await calls.accepted(session, call, agent, self.clock.advance(5 * SECOND))
            await calls.started(session, call, self.clock.advance(SECOND))
        self.clock.advance(60 * SECOND)
        return call

    def frame(self, call: str, verification: str, **fields: Any) -> CallFrame:
        """A frame of the call that arrived now; a snapshot of the first press unless said otherwise."""
        usual = {
            "number": call_number(call),
            "decision": 1,
            "kind": PictureKind.SNAPSHOT,
            "jpeg": jpeg(),
            "width": 320,
            "height": 240,
            "arrived_at": self.clock.now(),
            "exact": True,
            "agent_name": NAMES[AGENT][1],
        }
        return CallFrame(call=call, verification=verification, **(usual | fields))

    async def end(self, call: str, outcome: str = "cancelled", ended_in: str = "active", gaps: Any = ()) -> None:
        """The call ends now."""
        async with self.database.write() as session:
            await calls.ended(session, call, outcome, ended_in, None, self.clock.now(), gaps)

    async def decide(self, call: str, verdict: str = "confirmed", **fields: Any) -> None:
        """Write a verdict that was pressed a second ago."""
        usual = {
            "reason": None,
            "note": None,
            "fraud": False,
            "late": False,
            "agent": AGENT,
            "pressed_at": self.clock.now() - SECOND,
            "decided_at": self.clock.now(),
            "decision": 1,
            "checks": {},
        }
        async with self.database.write() as session:
            await calls.decided(session, call, verdict, **(usual | fields))

    async def decided_call(self, verification: str, verdict: str = "confirmed", **fields: Any) -> str:
        """A whole call that ends with a verdict, its picture kept."""
        call = await self.talk(verification, fields.get("agent", AGENT))
        await self.evidence.keep(self.frame(call, verification))
        await self.decide(call, verdict, **fields)
        await self.end(call, verdict, "deciding")
        return call

    async def lost_call(self, verification: str) -> str:
        """A whole call that ends without a verdict, its last frame kept."""
        call = await self.talk(verification)
        await self.evidence.keep(
            self.frame(call, verification, kind=PictureKind.LAST_FRAME, decision=LAST_FRAME, exact=False)
        )
        await self.end(call, "connection_lost")
        return call

    async def row(self, verification: str) -> Verification:
        async with self.database.read() as session:
            return await session.get_one(Verification, verification)

    async def record(self, call: str) -> CallRecord:
        async with self.database.read() as session:
            return await session.get_one(CallRecord, call)

    async def verdicts(self) -> list[VerdictRecord]:
        async with self.database.read() as session:
            return list((await session.scalars(select(VerdictRecord).order_by(VerdictRecord.decided_at))).all())

    async def messages(self) -> list[OutboxMessage]:
        """The outbox, oldest first."""
        order = (OutboxMessage.created_at, OutboxMessage.id)
        async with self.database.read() as session:
            return list((await session.scalars(select(OutboxMessage).order_by(*order))).all())

    async def client(self, **fields: Any) -> None:
        """Change the client's row."""
        async with self.database.write() as session:
            row = await session.get_one(Client, "client-1")
            for name, value in fields.items():
                setattr(row, name, value)

    def files(self) -> list[Path]:
        """Every stored blob."""
        return sorted(self.folder.rglob("*.jpg*"))


def verification_row(company: str, now: int) -> dict[str, Any]:
    """The columns of a verification that was opened now; not the folded name."""
    customer = {
        "full_name": "Đặng Thị Hồng Nhung",
        "id_number": "001190012345",
        "date_of_birth": "1990-05-17",
        "id_type": "chip_card",
        "address": "12 Lê Lợi, Thành phố Huế",
    }
    subscriber = {"msisdn": "0901234567", "sub_type": "MC", "customer_type": "individual", "payment": "prepaid"}
    return {
        "id": new_id(),
        "client": "client-1",
        "company": company,
        "channel": "dealer",
        "external_ref": "order-1",
        "state": "created",
        "customer": customer,
        "subscriber": subscriber,
        "dealer": {"username": "dealer4", "name": "Điểm bán Hà", "kind": "point_of_sale", "shop_code": "S4"},
        "shop_code": "S4",
        "referral": None,
        "ekyc": None,
        "comparison": [{"field": "full_name", "typed": "Đặng Thị Hồng Nhung", "read": None, "result": "not_assessed"}],
        "decision": "required",
        "rule": "table",
        "consent_version": "1",
        "consent_at": now,
        "fraud": False,
        "created_at": now,
        "expires_at": now + DAY,
    }


async def _people(database: Database, keys: Keys, now: int) -> None:
    async with database.write() as session:
        session.add_all([Company(id=f"CTKV{number}", name=f"Công ty {number}") for number in (1, 2, 4)])
        webhook = {"webhook_url": "http://127.0.0.1:9/results", "webhook_secret": seal(keys, SECRET)}
        session.add(Client(id="client-1", name="mSale", created_at=now, **webhook))
        await session.flush()
        session.add(Shop(code="S4", company="CTKV4", name="Cửa hàng Hà", address="5 Trần Phú"))
        for key, (username, name) in NAMES.items():
            role = Role.SUPERVISOR if key == SUPERVISOR else Role.AGENT
            who = {"username": username, "full_name": name, "role": role, "company": "CTKV1"}
            session.add(Account(id=key, password_hash="-", created_at=now, **who))


async def populate(url: str) -> None:
    """Make the tables where they are missing, empty them where they are not, and put the people in."""
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        if not database.is_sqlite:
            names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
            await connection.execute(text(f"TRUNCATE {names} CASCADE"))
    await _people(database, KEYS, ManualClock().now())
    await database.close()


_clusters: set[str] = set()
"""Where the database is; emptying one is several times as fast as making one for each test."""


@pytest.fixture(params=["sqlite", "postgresql"])
async def populated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'vouch.db'}"
    if request.param == "postgresql":
        cluster: services.PostgresCluster = request.getfixturevalue("postgres_cluster")
        url = cluster.url("ekyc_stage")
        if url not in _clusters:
            cluster.run('CREATE DATABASE "ekyc_stage"')
            _clusters.add(url)
    await populate(url)
    return url


@pytest.fixture(name="stage")
async def stage_fixture(populated_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A fresh world on each database."""
    database, clock, keys = Database(populated_url), ManualClock(), KEYS
    folder = tmp_path / "evidence"
    blobs = DirectoryBlobs(folder)
    yield Stage(database, clock, blobs, keys, Evidence(database, blobs), folder)
    await database.close()
