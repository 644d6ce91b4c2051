import hashlib
import re
import time
import uuid

from hypothesis import given
from hypothesis import strategies as st

from vouch.ids import call_number, digest, new_id, new_secret


def test_an_identifier_is_a_uuid_of_version_7() -> None:
    made = new_id()
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert uuid.UUID(made).version == 7
    assert uuid.UUID(made).variant == uuid.RFC_4122


def test_identifiers_begin_with_the_time_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= int(new_id()[:12], 16) <= time.time_ns() // 1_000_000


def test_identifiers_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_a_secret_has_256_bits_and_fits_into_an_address() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"[\w-]{43}", secret) for secret in made)


def test_a_secrets_digest_is_its_sha_256() -> None:
    assert digest("abc") == hashlib.sha256(b"abc").hexdigest()


def test_what_a_stranger_sends_as_a_secret_has_a_digest_whatever_it_is() -> None:
    broken_header = b"\xff\xfe".decode(errors="surrogateescape")
    assert digest(broken_header) != digest("")


@given(st.uuids(version=4))
def test_a_call_is_read_aloud_as_four_and_four_letters_that_cannot_be_mistaken(call: uuid.UUID) -> None:
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", call_number(call.hex))


def test_a_calls_number_never_changes() -> None:
    assert call_number("018f0000000070008000000000000000") == "6QAP-QRD7"


def test_the_numbers_of_calls_that_follow_each_other_differ() -> None:
    assert len({call_number(new_id()) for _ in range(1_000)}) == 1_000
