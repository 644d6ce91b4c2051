import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from vouch.settings import IceServer, Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in a folder of our own."""
    monkeypatch.chdir(tmp_path)


def test_without_variables_it_is_sqlite_on_this_machine_alone(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path / 'data' / 'vouch.db'}"
    assert (settings.host, settings.url) == ("127.0.0.1", "http://127.0.0.1:8080")
    assert (settings.frame_ancestors, settings.ice_servers, settings.ekyc_files) == ((), (), False)


def test_variables_of_the_environment_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOUCH_DATABASE_URL", "postgresql+asyncpg://vouch@db/vouch")
    monkeypatch.setenv("VOUCH_PUBLIC_URL", "https://vouch.example/")
    monkeypatch.setenv("VOUCH_FRAME_ANCESTORS", "https://msale.example, https://msale2.example,")
    monkeypatch.setenv("VOUCH_ICE_SERVERS", '[{"urls": "turn:turn.example:3478", "username": "u", "credential": "c"}]')
    settings = Settings()
    assert settings.database == "postgresql+asyncpg://vouch@db/vouch"
    assert settings.url == "https://vouch.example"
    assert settings.frame_ancestors == ("https://msale.example", "https://msale2.example")
    assert settings.ice_servers == (IceServer(urls="turn:turn.example:3478", username="u", credential="c"),)


def test_an_env_file_sets_it_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")  # which every test else hides
    (tmp_path / ".env").write_text("VOUCH_PORT=9000\nVOUCH_NODE=from-file\nANOTHER_PROGRAMS=own\n")
    monkeypatch.setenv("VOUCH_NODE", "from-environment")
    assert (Settings().port, Settings().node) == (9000, "from-environment")


def test_it_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VOUCH_PORT", "70000"),
        ("VOUCH_LOG_LEVEL", "loud"),
        ("VOUCH_TRUSTED_PROXIES", "-1"),
        ("VOUCH_RING_TIME_OUT_S", "0"),
        ("VOUCH_MEDIA_WORKERS", "-1"),
        ("VOUCH_MEDIA_LISTEN", "::"),
        ("VOUCH_MEDIA_WORKER_ADDRESSES", "one"),
        ("VOUCH_ICE_SERVERS", "turn:host"),
        ("VOUCH_TURN_URLS", "turn:host,relay.example"),
        ("VOUCH_TURN_URLS", "turn:host"),  # without a secret
        ("VOUCH_TURN_TTL_S", "1"),
    ],
)
def test_a_wrong_value_stops_the_start(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=re.escape(variable.removeprefix("VOUCH_").lower())):
        Settings()


def test_workers_that_run_by_themselves_are_found_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().worker_addresses == {}
    monkeypatch.setenv("VOUCH_MEDIA_WORKER_ADDRESSES", "one=10.0.0.5:9000, two=media.example.vn:9001")
    assert Settings().worker_addresses == {"one": "10.0.0.5:9000", "two": "media.example.vn:9001"}


def test_relays_are_named_with_the_secret_that_they_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOUCH_TURN_URLS", "turn:relay.example:3478?transport=udp, turns:relay.example?transport=tcp")
    monkeypatch.setenv("VOUCH_TURN_SECRET", "s")
    assert Settings().turn_urls == ("turn:relay.example:3478?transport=udp", "turns:relay.example?transport=tcp")


def test_its_text_shows_no_secret() -> None:
    settings = Settings(
        database_url="postgresql+asyncpg://vouch:hidden-1@db/vouch",
        redis_url="redis://:hidden-2@redis/0",
        msale_secret="hidden-3",
        ice_servers=(IceServer(urls="turn:turn.example", username="u", credential="hidden-4"),),
        turn_secret="hidden-5",
    )
    assert "hidden" not in f"{settings!r} {settings}"


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
