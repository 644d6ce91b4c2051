import pytest
from sqlalchemy.exc import IntegrityError

from vouch.accounts.models import Account, Company, Role, SessionKind, Shop
from vouch.database import Database


def account(name: str, **more: str) -> Account:
    return Account(id=name, username=name, full_name="", role=Role.DEALER, password_hash="", created_at=0, **more)


async def add(database: Database, row: Company | Shop | Account) -> None:
    async with database.write() as session:
        session.add(row)


async def test_a_dealer_belongs_to_a_shop_and_the_shop_to_a_company(database: Database) -> None:
    await add(database, Company(id="CTKV1", name="Công ty 1"))
    await add(database, Shop(code="S1", company="CTKV1", name="Cửa hàng 1", address="1 Tràng Tiền, Hà Nội"))
    await add(database, account("dealer1", company="CTKV1", shop="S1", dealer_kind="agency"))
    async with database.read() as session:
        dealer = await session.get_one(Account, "dealer1")
        shop = await session.get_one(Shop, dealer.shop)
    assert (dealer.company, shop.company, shop.address) == ("CTKV1", "CTKV1", "1 Tràng Tiền, Hà Nội")
    assert (dealer.valid_from, dealer.valid_until, dealer.disabled_at) == (None, None, None)


async def test_a_shop_of_an_unknown_company_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await add(database, Shop(code="S1", company="nowhere", name="", address=""))


async def test_a_name_is_taken_once(database: Database) -> None:
    await add(database, account("a"))
    with pytest.raises(IntegrityError):
        await add(database, Account(id="b", username="a", full_name="", role="agent", password_hash="", created_at=0))


def test_roles_and_kinds_of_session_are_closed_lists() -> None:
    assert list(Role) == ["dealer", "agent", "supervisor", "administrator"]
    assert list(SessionKind) == ["staff", "dealer", "caller"]
