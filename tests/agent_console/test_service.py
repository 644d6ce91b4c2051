"""The console mounts its pages beside its API."""

from tests.agent_console.desk import Office


async def test_both_pages_answer_whether_built_or_not(desk: Office) -> None:
    for path in ("/agent", "/supervisor"):
        response = await desk.client.get(path)
        assert response.status in {200, 503}
        if response.status == 503:
            assert (await response.json())["code"] == "pages_not_built"
