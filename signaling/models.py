"""Tables of the shell: floors with their agents and calls, the journal and its snapshots, presses, effects, nodes.

Routing's frozen data is kept as JSON text; the columns beside it are what queries need.
"""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from vouch.database import Base


class FloorRow(Base):
    """One team's floor. Its row is the lock under which the floor is stepped."""

    __tablename__ = "floor"

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    now: Mapped[int]
    next_deadline: Mapped[int | None]
    data: Mapped[str]

    __table_args__ = (Index(None, "next_deadline"),)


class FloorAgentRow(Base):
    """An agent as the floor knows him."""

    __tablename__ = "floor_agent"

    floor: Mapped[str] = mapped_column(primary_key=True)
    agent: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    """The floor's version when this row was last written."""
    present: Mapped[bool]
    """False: taken off the floor."""
    data: Mapped[str]

    __table_args__ = (Index(None, "floor", "version"),)


class FloorCallRow(Base):
    """A call as the floor knows, or last knew, it."""

    __tablename__ = "floor_call"

    id: Mapped[str] = mapped_column(primary_key=True)
    floor: Mapped[str]
    verification: Mapped[str]
    version: Mapped[int]
    present: Mapped[bool]
    """False: the floor has forgotten it; the row stays."""
    live: Mapped[bool]
    data: Mapped[str]

    __table_args__ = (Index(None, "floor", "version"), Index(None, "verification", "live"))


class JournalRow(Base):
    """One event that a floor was stepped with. A repeated event's id is refused by the unique column."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    floor: Mapped[str]
    version: Mapped[int]
    """The floor's version after the event."""
    at: Mapped[int]
    type: Mapped[str]
    data: Mapped[str]

    __table_args__ = (Index(None, "floor", "id"),)


class FloorSnapshotRow(Base):
    """A whole floor at one version, from which a replay of the journal starts. It holds the seed of its day, sealed."""

    __tablename__ = "floor_snapshot"

    floor: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    now: Mapped[int]
    """The time of its last step."""
    journal: Mapped[int]
    """The last row of the journal that it holds; 0: none."""
    made_by: Mapped[str]
    """The version of Vouch whose code made it."""
    data: Mapped[bytes] = mapped_column(LargeBinary)
    """See `snapshots.pack`."""


class DrawCommitmentRow(Base):
    """What was published of a day's seed before that day."""

    __tablename__ = "draw_commitment"

    day: Mapped[str] = mapped_column(primary_key=True)
    """ISO date, Vietnamese calendar."""
    digest: Mapped[str]
    published_at: Mapped[int]


class PressRow(Base):
    """The first answer to a press; a repeated press gets it again."""

    __tablename__ = "press"

    request: Mapped[str] = mapped_column(primary_key=True)
    """Who pressed and the request id that his page drew."""
    code: Mapped[str]
    detail: Mapped[str]
    at: Mapped[int]

    __table_args__ = (Index(None, "at"),)


class EffectRow(Base):
    """Something that must be done after the commit, at least once, by whichever node gets to it."""

    __tablename__ = "effect"

    id: Mapped[str] = mapped_column(primary_key=True)
    """Call, kind and number: whoever performs is idempotent by it."""
    floor: Mapped[str]
    call: Mapped[str]
    position: Mapped[int]
    """Order among the effects of a call: the floor's version, then the place within the step."""
    type: Mapped[str]
    data: Mapped[str]
    lease_until: Mapped[int]
    """Nobody else takes it before this instant."""
    done_at: Mapped[int | None]

    __table_args__ = (Index(None, "done_at", "lease_until"), Index(None, "call"))


class NodeRow(Base):
    """A running node; renewed every second, dead when it is 3 s old or its boot number changed."""

    __tablename__ = "node"

    name: Mapped[str] = mapped_column(primary_key=True)
    boot: Mapped[str]
    started_at: Mapped[int]
    renewed_at: Mapped[int]
    mourned: Mapped[bool]
    """Whether the floors were told that this boot is dead: a node that finds it was not begins anew."""


class WorkerRow(Base):
    """A media worker; renewed by every node that hears it, dead when it is 3 s old or its boot number changed."""

    __tablename__ = "media_worker"

    name: Mapped[str] = mapped_column(primary_key=True)
    node: Mapped[str]
    """The node that runs it; empty: it runs by itself, and the nodes were told of it."""
    address: Mapped[str]
    """Where the nodes reach it: host:port."""
    boot: Mapped[str]
    """Empty before anybody has heard it."""
    calls: Mapped[int]
    capacity: Mapped[int]
    """Calls that it takes at once."""
    renewed_at: Mapped[int]
    """When a node last heard it; 0: never."""
