"""[Call] on our own screen: dealer known, token from mSale Core, then the same opening as for any other client.

The token that mSale Core gives decides the company, whatever dealer and form say. A draft becomes one verification,
however often [Call] is pressed.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.consent import check_version
from ekyc.drafts import Drafts, code_in, pictures_of
from ekyc.intake import KeptPaper, Opening, check_papers, grounds, judge, open_verification
from ekyc.messages import (
    Customer,
    Day,
    Dealer,
    IdNumber,
    LongText,
    Message,
    Msisdn,
    Name,
    NewVerification,
    Subscriber,
    SubType,
)
from ekyc.models import Channel, Draft, DraftPicture, PictureKind, Verification
from ekyc.msale import CompanyTokens
from ekyc.policy import CustomerType, IdType, Payment
from ekyc.tokens import holder_of
from vouch.accounts.models import Account, Shop
from vouch.clock import Clock
from vouch.database import Database
from vouch.fields import Code
from vouch.problems import Problem
from vouch.settings import Settings


class DealerForm(Message):
    """What the screen's form says."""

    full_name: Name
    id_number: IdNumber
    date_of_birth: Day
    id_type: IdType
    address: LongText
    msisdn: Msisdn
    sub_type: SubType
    customer_type: CustomerType
    payment: Payment
    consent_version: Code | None = None

    @property
    def customer(self) -> Customer:
        """The customer's part."""
        return Customer(
            full_name=self.full_name,
            id_number=self.id_number,
            date_of_birth=self.date_of_birth,
            id_type=self.id_type,
            address=self.address,
        )

    @property
    def subscriber(self) -> Subscriber:
        """The subscription's part."""
        return Subscriber(
            msisdn=self.msisdn, sub_type=self.sub_type, customer_type=self.customer_type, payment=self.payment
        )


class DealerCalls:
    """Turns drafts into verifications."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        drafts: Drafts,
        tokens: CompanyTokens,
        *,
        match_lifts_table: bool,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._drafts = drafts
        self._tokens = tokens
        self._match_lifts_table = match_lifts_table

    async def open(self, draft: str, form: DealerForm, dealer: Account) -> Verification:
        """The draft's verification, opened now or by an earlier press.

        Problem `not_found`, `consent_needed`, `picture_missing`, `dealer_without_company`, `msale_unreachable`, and
        what opening a verification by the integration API answers.
        """
        prepared = await self._prepare(draft, form, dealer)
        if isinstance(prepared, Verification):
            return prepared
        if dealer.company is None:
            raise Problem(403, "dealer_without_company", "This dealer's account belongs to no company.")
        # Outside any transaction: nothing of ours waits while mSale thinks.
        token = await self._tokens.token(dealer.username, dealer.shop, dealer.company)
        async with self._database.write() as session:
            return await self._open(session, draft, form, token, prepared, dealer)

    async def _prepare(self, draft: str, form: DealerForm, dealer: Account) -> Verification | Dealer:
        """The verification of an earlier press, or the dealer for a new one; asks all that mSale is not needed for."""
        async with self._database.read() as session:
            found = await self._drafts.find(session, draft, dealer.id)
            if (known := await _opened(session, found)) is not None:
                return known
            check_version(form.consent_version)
            pictures = await pictures_of(session, found.digest)
            check_papers(form.id_type, {PictureKind(picture.kind) for picture in pictures})
            return _dealer(dealer, await session.get(Shop, dealer.shop) if dealer.shop else None)

    async def _open(
        self, session: AsyncSession, draft: str, form: DealerForm, token: str, dealer: Dealer, account: Account
    ) -> Verification:
        now = self._clock.now()
        found = await self._drafts.find(session, draft, account.id, lock=True)
        if (known := await _opened(session, found)) is not None:
            return known
        pictures = await pictures_of(session, found.digest)
        papers = tuple(_paper(picture) for picture in pictures)
        # Of a token of several companies the dealer's own is meant; a token of one decides by itself.
        shown = await holder_of(session, token, now)
        holder = shown.within(account.company if len(shown.companies) > 1 else None)
        data = _data(form, dealer, found)
        ground = await grounds(session, holder, data, now)
        ruling = judge(ground, data, now, match_lifts_table=self._match_lifts_table)
        opening = Opening(holder, data, papers, code_in(pictures), ruling, form.consent_version)
        verification = await open_verification(session, opening, now, self._settings.verification_s)
        found.verification = verification.id
        return verification


async def _opened(session: AsyncSession, draft: Draft) -> Verification | None:
    return await session.get_one(Verification, draft.verification) if draft.verification else None


def _data(form: DealerForm, dealer: Dealer, draft: Draft) -> NewVerification:
    return NewVerification(
        channel=Channel.DEALER,
        external_ref=f"ekyc-{draft.digest[:16]}",
        customer=form.customer,
        subscriber=form.subscriber,
        dealer=dealer,
        shop_code=dealer.shop_code,
    )


def _dealer(account: Account, shop: Shop | None) -> Dealer:
    return Dealer.model_validate(
        {
            "username": account.username,
            "name": account.full_name,
            "kind": account.dealer_kind,
            "shop_code": account.shop,
            "shop_name": shop.name if shop else None,
            "shop_address": shop.address if shop else None,
        }
    )


def _paper(picture: DraftPicture) -> KeptPaper:
    return KeptPaper(
        PictureKind(picture.kind),
        picture.source,
        picture.key,
        picture.sha256,
        picture.width,
        picture.height,
        picture.at,
    )
