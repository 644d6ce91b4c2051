"""What calls do while something that Vouch stands on is away: the database, a media worker that runs by itself."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp

from tests import services
from tests.installation import Installation
from tests.ports import free_port
from tests.signaling.cluster import cluster
from tests.signaling.conftest import House, ring_and_accept, tick_checks
from vouch import migrations
from vouch.database import Database
from vouch.tasks import TaskSet

COOKIE = {"Cookie": "__Host-vouch-caller=somebodys"}


async def problem(house: House, path: str) -> tuple[int, str | None]:
    """The status of a GET, and the problem's code."""
    async with aiohttp.ClientSession() as http, http.get(house.origin + path, headers=COOKIE) as answer:
        return answer.status, (await answer.json()).get("code")


async def test_a_database_that_is_stopped_at_once_and_started_again_costs_no_call(tmp_path: Path) -> None:
    with services.postgres_cluster(synchronous_commit="on") as postgres, postgres.database() as name:
        database = Database(postgres.url(name))
        await migrations.upgrade(database)
        await database.close()
        async with cluster(tmp_path / "data", postgres.url(name)) as nodes:
            one = await nodes.serve("one", media_workers=1)
            caller, agent = await one.caller(), await one.ready()
            await ring_and_accept(caller, agent)
            call = agent.call["id"]

            postgres.stop()
            assert await problem(one, "/healthz") == (503, "not_ready")
            assert await problem(one, "/api/call/session") == (503, "database_gone")
            tasks = TaskSet("test")
            ticked = tasks.spawn("tick", agent.press("check.set", call=call, check="data", ticked=True))
            await asyncio.sleep(0.5)  # the writer tries in vain
            postgres.start()

            assert (await ticked)["code"] == "ok"
            await tick_checks(agent)
            async with asyncio.timeout(10):
                while (
                    answer := await agent.press("verdict", call=call, verdict="confirmed", frame=agent.frame_name())
                )["code"] != "ok":
                    assert answer["code"] in {"no_answer_yet", "no_picture"}
            assert (await caller.until_state("ended"))["outcome"] == "confirmed"


async def test_a_worker_that_runs_by_itself_serves_the_nodes_and_is_started_again(
    postgresql_installation: Installation, tmp_path: Path
) -> None:
    address = f"127.0.0.1:{free_port()}"
    command = (sys.executable, "-m", "signaling.main", "media-worker", "--name", "alone", "--listen", address)
    log = tmp_path / "worker.log"
    with log.open("wb") as file:
        worker = await asyncio.create_subprocess_exec(
            *command, env=os.environ | {"VOUCH_MEDIA_SECRET": "told to both"}, stderr=file
        )
    told = {"media_workers": 0, "media_worker_addresses": f"alone={address}", "media_secret": "told to both"}
    async with cluster(postgresql_installation.folder, postgresql_installation.database_url) as nodes:
        one = await nodes.serve("one", **told)
        two = await nodes.serve("two", **told)
        caller, agent = await one.caller(), await two.ready()
        await ring_and_accept(caller, agent)
        call, peer = agent.call["id"], agent.peer

        process = await asyncio.create_subprocess_exec("pgrep", "-P", str(worker.pid), stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        os.kill(int(out.split()[0]), signal.SIGKILL)

        await agent.until_state("reconnecting")
        await agent.until_state("active", seconds=14)
        await caller.until_state("active")
        assert agent.call["id"] == call
        assert agent.peer is not peer
    worker.terminate()
    assert await worker.wait() == 0
    assert "it is started again" in log.read_text()


async def test_a_worker_without_the_secret_says_what_to_set(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "signaling.main", "media-worker", "--name", "alone", "--listen", "127.0.0.1:1")
    worker = await asyncio.create_subprocess_exec(
        *command, env=os.environ | {"VOUCH_DATA_DIR": str(tmp_path)}, stderr=asyncio.subprocess.PIPE
    )
    _, said = await worker.communicate()
    assert worker.returncode == 1
    assert b"VOUCH_MEDIA_SECRET" in said
