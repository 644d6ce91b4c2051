"""What docker-compose.yml, the Dockerfile and deploy/ promise, as far as it can be seen without a container engine."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError, BusyLoadingError
from redis.exceptions import ConnectionError as Refused

from signaling.main import main
from tests import services
from tests.ports import free_port
from vouch.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NODES = ("node-1", "node-2")
WORKERS = ("media-1", "media-2")
# Compose's own interpolation, of which this file uses only `${NAME}` and `${NAME:?}`.
VARIABLE = re.compile(r"\$\{(\w+)(?::\?)?\}")


def environment(service: str) -> dict[str, str]:
    return dict(SERVICES[service]["environment"])


def given(text: str) -> dict[str, str]:
    """Lines of an environment file, those too that are commented out."""
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))


def ports(service: str) -> range:
    first, last = environment(service)["VOUCH_MEDIA_UDP_PORTS"].split("-")
    return range(int(first), int(last) + 1)


def test_what_a_real_installation_has_is_there() -> None:
    assert set(SERVICES) == {"migrate", *NODES, *WORKERS, "postgres", "redis", "caddy", "coturn"}


def test_every_service_that_stays_is_looked_after() -> None:
    staying = {name: service for name, service in SERVICES.items() if name != "migrate"}
    assert [name for name, service in staying.items() if not service["healthcheck"]["test"]] == []
    assert {service["restart"] for service in staying.values()} == {"unless-stopped"}


def test_the_nodes_wait_for_a_migration_that_runs_once() -> None:
    assert SERVICES["migrate"]["command"] == ["migrate"]
    assert SERVICES["migrate"]["restart"] == "no"
    for node in NODES:
        assert SERVICES[node]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_every_setting_that_is_named_exists() -> None:
    known = {f"VOUCH_{name.upper()}" for name in Settings.model_fields}
    ours = re.compile(r"\bVOUCH_[A-Z_]+")
    # The one name that is not the application's: what the certificate is for.
    used = {name for service in (*NODES, *WORKERS) for name in environment(service)} | set(ours.findall(DOCKERFILE))
    used |= set(given((DEPLOY / ".env.example").read_text())) & set(ours.findall((DEPLOY / ".env.example").read_text()))
    assert used - known == {"VOUCH_DOMAIN"}


def test_every_variable_of_the_files_has_a_line_in_the_sample() -> None:
    asked = set(VARIABLE.findall((ROOT / "docker-compose.yml").read_text()))
    asked |= set(re.findall(r"\{\$(\w+)\}", (DEPLOY / "Caddyfile").read_text()))
    assert asked <= set(given((DEPLOY / ".env.example").read_text()))


@pytest.mark.parametrize("node", NODES)
def test_a_node_starts_from_what_it_is_given(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = given((DEPLOY / ".env.example").read_text()) | {
        "POSTGRES_PASSWORD": "a1",
        "VOUCH_TURN_SECRET": "b2",
        "VOUCH_MEDIA_SECRET": "c3",
        "REDIS_PASSWORD": "d4",
    }
    for name, value in environment(node).items():
        monkeypatch.setenv(name, VARIABLE.sub(lambda found: sample[found[1]], value))
    settings = Settings()
    assert settings.node == node
    assert settings.database == "postgresql+asyncpg://vouch:a1@postgres/vouch"
    assert settings.redis_url == "redis://:d4@redis:6379/0"
    assert settings.trusted_proxies == 1
    assert settings.media_secret == "c3"
    assert {name: address.split(":")[0] for name, address in settings.worker_addresses.items()} == {
        worker: worker for worker in WORKERS
    }
    assert settings.turn_secret == "b2"
    assert [url.split("transport=")[1] for url in settings.turn_urls] == ["udp", "tcp"]
    assert settings.ice_servers == ()


@pytest.mark.parametrize("worker", WORKERS)
def test_a_media_worker_listens_where_the_nodes_look_for_it_and_knows_nothing_else(worker: str) -> None:
    assert SERVICES[worker]["command"] == ["media-worker", "--name", worker, "--listen", "0.0.0.0:8090"]
    assert f"{worker}={worker}:8090" in environment("node-1")["VOUCH_MEDIA_WORKER_ADDRESSES"].split(",")
    assert set(environment(worker)) == {"VOUCH_MEDIA_SECRET", "VOUCH_MEDIA_ADDRESS", "VOUCH_MEDIA_UDP_PORTS"}
    assert SERVICES[worker].keys().isdisjoint({"env_file", "volumes"})


def test_media_ports_are_published_as_they_are_and_overlap_nobodys() -> None:
    for worker in WORKERS:
        used = environment(worker)["VOUCH_MEDIA_UDP_PORTS"]
        assert SERVICES[worker]["ports"] == [f"{used}:{used}/udp"]
    relay = dict(re.findall(r"^(min-port|max-port)=(\d+)$", (DEPLOY / "turnserver.conf").read_text(), re.MULTILINE))
    taken = [*map(ports, WORKERS), range(int(relay["min-port"]), int(relay["max-port"]) + 1)]
    assert sum(map(len, taken)) == len(set().union(*taken))


def test_the_nodes_share_evidence_and_differ_in_name() -> None:
    assert {tuple(SERVICES[node]["volumes"]) for node in NODES} == {("evidence:/var/lib/vouch",)}
    assert {environment(node)["VOUCH_NODE"] for node in NODES} == set(NODES)


def test_volumes_are_declared_and_files_are_there() -> None:
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert {source for source in mounted if not source.startswith(".")} == set(COMPOSE["volumes"])
    assert [source for source in mounted if source.startswith(".") and not (ROOT / source).exists()] == []


def test_caddy_knows_every_node_and_asks_how_it_is() -> None:
    caddyfile = (DEPLOY / "Caddyfile").read_text()
    assert re.findall(r"reverse_proxy (.*) \{", caddyfile) == [" ".join(f"{node}:8080" for node in NODES)]
    assert "health_uri /healthz" in caddyfile


def test_images_are_pinned_and_come_from_no_named_registry() -> None:
    images = [service["image"] for service in SERVICES.values() if service["image"] != COMPOSE["name"]]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    pinned = re.compile(r"([a-z]+/)?[a-z]+:\d+[\w.-]*(@sha256:[0-9a-f]{64})?")
    assert [image for image in images if not pinned.fullmatch(image)] == []


def test_images_can_be_pinned_by_digest_again_and_again(tmp_path: Path) -> None:
    # The registry's answer alone is made up: what is shown is that every image gets its digest, once.
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(
        '#!/bin/sh\nfor last; do :; done\nprintf "sha256:%s\\n" "$(printf %s "$last$SALT" | sha256sum | cut -c 1-64)"\n'
    )
    docker.chmod(0o755)
    (tmp_path / "deploy").mkdir()
    for name in ("docker-compose.yml", "Dockerfile", "deploy/pin-images"):
        shutil.copy(ROOT / name, tmp_path / name)
    for salt in ("then", "now"):
        path = f"{docker.parent}:{os.environ['PATH']}"
        subprocess.run(
            [tmp_path / "deploy/pin-images"], env={"PATH": path, "SALT": salt}, check=True, capture_output=True
        )
        text = (tmp_path / "docker-compose.yml").read_text() + (tmp_path / "Dockerfile").read_text()
        pinned = re.findall(r"^ *(?:image:|FROM) (\S+:\S+?)@sha256:([0-9a-f]{64})( AS \w+)?$", text, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"^ *(?:image:|FROM) \S+:\S+", text, re.MULTILINE)) == 7
        assert {hashlib.sha256(f"{image}{salt}".encode()).hexdigest() for image, _, _ in pinned} == {
            digest for _, digest, _ in pinned
        }


def test_no_service_can_take_the_machine_or_gain_rights() -> None:
    staying = {name: service for name, service in SERVICES.items() if name != "migrate"}
    assert [name for name, service in SERVICES.items() if not re.fullmatch(r"\d+[mg]", service["mem_limit"])] == []
    assert {service["pids_limit"] for service in SERVICES.values()} == {512}
    assert {tuple(service["security_opt"]) for service in SERVICES.values()} == {("no-new-privileges:true",)}
    # coturn is on the machine's own network and keeps its image's own user.
    assert [name for name, service in staying.items() if service.get("cap_drop") != ["ALL"]] == ["coturn"]
    for name in (*NODES, *WORKERS, "caddy"):
        assert SERVICES[name]["ulimits"]["nofile"]["soft"] >= 65_536


def test_what_strangers_reach_is_not_in_the_network_of_what_holds_the_data() -> None:
    networks = {name: set(service.get("networks", ())) for name, service in SERVICES.items()}
    assert set().union(*networks.values()) == set(COMPOSE["networks"])
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert {name for name, joined in networks.items() if "data" in joined} == {"migrate", *NODES, "postgres", "redis"}
    assert networks["postgres"] == networks["redis"] == {"data"}
    assert networks["caddy"] == {"front"}
    assert {tuple(networks[worker]) for worker in WORKERS} == {("media",)}


def test_redis_asks_for_its_password(tmp_path: Path) -> None:
    command = SERVICES["redis"]["command"]
    # The very script, with a folder and a port of the test's own.
    port = free_port()
    script = command[2].replace("$$", "$").replace("/data/", f"{tmp_path}/")
    script = script.replace("redis-server ", f"{services.program('redis')} ") + f" --port {port} --bind 127.0.0.1"
    script = script.replace("\n --port", " --port")
    process = subprocess.Popen(
        [*command[:2], script],
        env={"REDIS_PASSWORD": "d4", "PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        preexec_fn=services.die_with_us,  # noqa: PLW1509 - it takes no lock that another thread could hold
    )
    try:
        assert _redis_says(port, "redis://127.0.0.1:{port}/0") == "AuthenticationError"
        assert _redis_says(port, "redis://:wrong@127.0.0.1:{port}/0") == "AuthenticationError"
        assert _redis_says(port, "redis://:d4@127.0.0.1:{port}/0") == "True"
        assert "d4" not in Path(f"/proc/{process.pid}/cmdline").read_text()
    finally:
        process.kill()
        process.wait()


def _redis_says(port: int, url: str) -> str:
    """Whether Redis answers, or the name of what it refused with; a server that is just starting is waited for."""
    until = time.monotonic() + 20
    while True:
        with Redis.from_url(url.format(port=port)) as client:
            try:
                return str(client.ping())
            except AuthenticationError:
                return "AuthenticationError"
            except (Refused, BusyLoadingError):
                assert time.monotonic() < until, "Redis does not answer"


def unit(name: str) -> dict[str, list[str]]:
    """The settings of deploy/NAME.service by their names; one that stands twice has two values."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", (DEPLOY / f"{name}.service").read_text(), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", ["vouch", "vouch-media"])
def test_a_unit_of_systemd_locks_its_service_in(name: str) -> None:
    settings = unit(name)
    assert settings["NoNewPrivileges"] == ["true"]
    assert settings["ProtectSystem"] == ["strict"]
    assert settings["CapabilityBoundingSet"] == [""]
    assert int(settings["LimitNOFILE"][0]) >= 65_536
    assert {"MemoryMax", "TasksMax", "Restart", "UMask"} <= set(settings)
    assert settings.get("ReadWritePaths") == (["/var/lib/vouch"] if name == "vouch" else None)
    # What the workers and decoders lock themselves in by must not be forbidden.
    assert "landlock_restrict_self" in settings["SystemCallFilter"][0]


def test_the_units_start_commands_that_there_are() -> None:
    for name in ("vouch", "vouch-media"):
        (command,) = unit(name)["ExecStart"]
        _, _, given = command.partition(" -m signaling.main ")
        context = click.Context(main)
        assert given.split()[0] in main.list_commands(context)


def test_the_dockerfile_copies_what_is_there_and_the_ignore_file_lets_in() -> None:
    copied = [
        path for paths in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for path in paths.split()
    ]
    assert [path for path in copied if not (ROOT / path).exists()] == []
    admitted = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert [
        path
        for path in copied
        if not any(Path(path).match(pattern) or path.split("/")[0] == pattern for pattern in admitted)
    ] == []


def test_a_relay_reaches_no_address_but_the_workers() -> None:
    conf = (DEPLOY / "turnserver.conf").read_text()
    assert re.findall(r"^denied-peer-ip=(\S+)$", conf, re.MULTILINE) == [
        "0.0.0.0-255.255.255.255",
        "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]
    assert "allowed-peer-ip" not in conf
    assert "no-tcp-relay\n" in conf
    assert [part for part in SERVICES["coturn"]["command"] if part.startswith("--allowed-peer-ip=")] == [
        "--allowed-peer-ip=${VOUCH_MEDIA_ADDRESS}"
    ]


def test_the_relay_and_the_nodes_share_a_secret_and_no_account() -> None:
    assert "use-auth-secret\n" in (DEPLOY / "turnserver.conf").read_text()
    given_by_command = [part for part in SERVICES["coturn"]["command"] if "=" in part]
    assert "--static-auth-secret=${VOUCH_TURN_SECRET}" in given_by_command
    assert not [part for part in given_by_command if part.startswith("--user")]
