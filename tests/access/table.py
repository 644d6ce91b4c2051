"""Who is let in where, written by hand: one line for each HTTP route, socket namespace and socket message.

A line says what ought to be (docs/http.md, docs/protocol.md), not what the code happens to do. `test_http.py` and
`test_sockets.py` ask a running node for each cell. A route or message without a line fails, as does a line without one.

Three sides stand for all subjects (verification, call, draft, account, session, factor):

- own: what is the actor's: opened by their client for their company, on their desk, begun or owned by themselves;
- beside: the same company's, yet somebody else's: another client, another agent's desk, another dealer's draft,
  somebody else's session;
- other: of another company, by the same client.

| cell | who is let in |
| --- | --- |
| no | nobody of this column: 401, 403 or 404, and nothing of the subject in the answer |
| yes | everybody of this column, to all sides |
| own | to what is their own alone |
| firm | to what is of their company: own and beside |
| many | to what is of their client and companies: own and other |
| pw, 2nd, new | (column `half`) where that is pending: a drawn password to change, a factor to show, or to set up |

`let in` is everything else than 401, 403 and 404: a request that is refused for its body or its moment (400, 409, 422,
503) was let in before.

The columns: nobody (`none`); a dealer; the page of a join link (`page`); an agent; a supervisor of a company (`super`);
an administrator of the operator; a company token of one company, or of several (`multi`); a session of somebody who
gave the right password and has something pending (`half`).

`of` says what a route shows or changes: `-` nothing that is anybody's, or what the session alone decides; `one` the
subject that its path names; `list` several, of which each side's is looked for in the answer.
"""

from dataclasses import dataclass

COLUMNS = ("none", "dealer", "page", "agent", "super", "admin", "token", "multi", "half")
SIDES = ("own", "beside", "other")
CELLS: dict[str, frozenset[str]] = {
    "no": frozenset(),
    "yes": frozenset(SIDES),
    "own": frozenset({"own"}),
    "firm": frozenset({"own", "beside"}),
    "many": frozenset({"own", "other"}),
}
PENDING = ("pw", "2nd", "new")

HTTP = """
method path                                                     of   none dealer page agent super admin token multi half
GET    /healthz                                                 -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /draws                                                   -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /socket.io/                                              -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /ekyc                                                    -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /call                                                    -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /agent                                                   -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /supervisor                                              -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /account                                                 -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /ekyc-web/assets/{name}                                  -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /console-web/assets/{name}                               -    yes  yes    yes  yes   yes   yes   yes   yes   yes

GET    /api/openapi.json                                        -    yes  yes    yes  yes   yes   yes   yes   yes   yes
POST   /api/v1/verifications                                    -    no   no     no   no    no    no    yes   yes   no
GET    /api/v1/verifications/{id}                               one  no   no     no   no    no    no    own   many  no
GET    /api/v1/verifications/{id}/pictures/{kind}               one  no   no     no   no    no    no    own   many  no
POST   /api/v1/verifications/{id}/join                          one  no   no     no   no    no    no    own   many  no

GET    /api/ekyc/config                                         -    yes  yes    yes  yes   yes   yes   yes   yes   yes
POST   /api/ekyc/dealer                                         -    yes  yes    yes  yes   yes   yes   yes   yes   yes
DELETE /api/ekyc/dealer                                         -    no   yes    no   no    no    no    no    no    no
POST   /api/ekyc/drafts                                         -    no   yes    no   no    no    no    no    no    no
PUT    /api/ekyc/drafts/{draft}/pictures/{kind}                 one  no   own    no   no    no    no    no    no    no
POST   /api/ekyc/drafts/{draft}/check                           one  no   own    no   no    no    no    no    no    no
POST   /api/ekyc/drafts/{draft}/call                            one  no   own    no   no    no    no    no    no    no

POST   /api/call/session                                        -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /api/call/session                                        list no   no     own  no    no    no    no    no    no
DELETE /api/call/session                                        -    no   no     yes  no    no    no    no    no    no
POST   /api/call/ticket                                         -    no   no     yes  no    no    no    no    no    no
GET    /api/call/pictures/{kind}                                -    no   no     yes  no    no    no    no    no    no

POST   /api/console/session                                     -    yes  yes    yes  yes   yes   yes   yes   yes   yes
GET    /api/console/session                                     -    no   no     no   yes   yes   yes   no    no    yes
DELETE /api/console/session                                     -    no   no     no   yes   yes   yes   no    no    yes
POST   /api/console/ticket                                      -    no   no     no   yes   yes   yes   no    no    no
GET    /api/console/codes                                       -    no   no     no   yes   yes   yes   no    no    no
GET    /api/console/calls                                       list no   no     no   own   no    no    no    no    no
GET    /api/console/calls/{call}                                one  no   no     no   own   no    no    no    no    no
GET    /api/console/calls/{call}/recordings                     one  no   no     no   no    firm  yes   no    no    no
GET    /api/console/calls/{call}/recordings/{leg}/{media}       one  no   no     no   no    firm  yes   no    no    no
GET    /api/console/calls/{call}/explanation                    one  no   no     no   no    firm  yes   no    no    no
GET    /api/console/agents/{agent}/explanation                  one  no   no     no   no    firm  yes   no    no    no
GET    /api/console/verifications                               list no   no     no   no    firm  yes   no    no    no
GET    /api/console/verifications/{verification}                one  no   no     no   no    firm  yes   no    no    no
GET    /api/console/verifications/{verification}/pictures/{key} one  no   no     no   own   firm  yes   no    no    no
POST   /api/console/verifications/{verification}/review         one  no   no     no   no    firm  yes   no    no    no
GET    /api/console/signs                                       list no   no     no   no    firm  yes   no    no    no
GET    /api/console/audit                                       list no   no     no   no    firm  yes   no    no    no

GET    /api/account/{kind}                                      -    no   yes    no   yes   yes   yes   no    no    yes
POST   /api/account/{kind}/session                              -    yes  yes    yes  yes   yes   yes   yes   yes   yes
DELETE /api/account/{kind}/session                              -    no   yes    no   yes   yes   yes   no    no    yes
POST   /api/account/{kind}/password                             -    no   yes    no   yes   yes   yes   no    no    pw
GET    /api/account/{kind}/sessions                             list no   own    no   own   own   own   no    no    no
DELETE /api/account/{kind}/sessions/{session}                   one  no   own    no   own   own   own   no    no    no
POST   /api/account/{kind}/second-step/passkey                  -    no   yes    no   yes   yes   yes   no    no    2nd
POST   /api/account/{kind}/second-step                          -    no   yes    no   yes   yes   yes   no    no    2nd
POST   /api/account/{kind}/app                                  -    no   yes    no   yes   yes   yes   no    no    new
POST   /api/account/{kind}/app/code                             -    no   yes    no   yes   yes   yes   no    no    new
POST   /api/account/{kind}/passkey                              -    no   yes    no   yes   yes   yes   no    no    new
POST   /api/account/{kind}/passkey/credential                   -    no   yes    no   yes   yes   yes   no    no    new
POST   /api/account/{kind}/factors/{factor}/removal             one  no   own    no   own   own   own   no    no    no
POST   /api/account/{kind}/recovery-codes                       -    no   yes    no   yes   yes   yes   no    no    no
DELETE /api/account/{kind}/sessions                             -    no   yes    no   yes   yes   yes   no    no    no
"""


NAMESPACES = """
namespace none dealer page agent super admin half
/caller   no   no     yes  no    no    no    no
/console  no   no     no   yes   no    no    no
/floor    no   no     no   no    yes   yes   no
"""
"""Whose ticket opens which namespace."""

MESSAGES = """
message          /caller /console /floor
beat             yes     yes      yes
media.servers    own     own      no
media.offer      own     own      no
media.presented  own     own      no
call.ready       own     no       no
call.hangup      own     no       no
agent.ready      no      yes      no
agent.pause      no      yes      no
offer.accept     no      own      no
offer.decline    no      own      no
check.set        no      own      no
gate.override    no      own      no
picture.take     no      own      no
verdict          no      own      no
call.end         no      own      no
wrapup.end       no      yes      no
"""
"""Which message a namespace takes: `yes` about the sender alone, `own` about the call that is theirs, and no other."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of HTTP."""

    method: str
    path: str
    """As the router writes it."""
    of: str
    cells: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"

    def sides(self, column: str, pending: str = "") -> frozenset[str]:
        """The sides to which a column is let in; `pending`: of a session in which this is yet to be done."""
        cell = self.cells[column]
        if cell in PENDING:
            return CELLS["yes" if cell == pending else "no"]
        return CELLS[cell]


def http() -> list[Row]:
    """The lines of HTTP."""
    rows = []
    for cells in _lines(HTTP):
        method, path, of = (cells.pop(name) for name in ("method", "path", "of"))
        assert tuple(cells) == COLUMNS
        assert of in {"-", "one", "list"}
        rows.append(Row(method, path, of, cells))
    return rows


def namespaces() -> dict[str, dict[str, str]]:
    """Namespace -> column -> cell."""
    return {cells.pop("namespace"): cells for cells in _lines(NAMESPACES)}


def messages() -> dict[str, dict[str, str]]:
    """Message -> namespace -> cell."""
    return {cells.pop("message"): cells for cells in _lines(MESSAGES)}


def _lines(table: str) -> list[dict[str, str]]:
    head, *lines = (line.split() for line in table.splitlines() if line.strip())
    return [dict(zip(head, line, strict=True)) for line in lines]
