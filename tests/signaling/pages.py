"""Sockets without a connection, for tests of what is shown to them."""

from signaling.sockets import CALLER, Socket
from vouch.accounts.models import Account, SessionKind, WebSession
from vouch.accounts.sessions import Visitor


def page(namespace: str, name: str, number: int = 1) -> Socket:
    """A page whose handshake is over; `name` is its id, and the account behind it if it is no caller's."""
    kind = SessionKind.CALLER if namespace == CALLER else SessionKind.STAFF
    account = None if namespace == CALLER else Account(id=name)
    session = WebSession(digest=f"digest of {name}", kind=kind, account=account.id if account else None)
    return Socket(f"{name}/{number}", namespace, Visitor(session, account), number=number, open=True)
