"""The figures of a server: for whoever holds their token, and without a person in them."""

import re
from pathlib import Path

import aiohttp
import pytest

from tests.serving import Server, serving

pytestmark = pytest.mark.anyio

TOKEN = "a-token-for-the-figures"


async def figures(server: Server, token: str = TOKEN) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http,
        http.get(f"{server.url}/metrics") as answer,
    ):
        return answer.status, await answer.text()


async def test_what_a_server_has_done_can_be_read_by_whoever_holds_the_token(tmp_path: Path) -> None:
    with serving(tmp_path, FAMULUS_METRICS__TOKEN=TOKEN, FAMULUS_MODEL__OFFLINE_WORDS_PER_SECOND="100") as server:
        await server.start()
        owner = await server.owner()
        thread = await owner.thread()
        for said in ("count to 30", "remember that I like tea"):
            await owner.ended((await owner.send(thread, said))["id"])
        await owner.get(f"/api/v1/conversations/{thread}")
        await owner.get("/a/path/that/is/not/there", expect=404)

        refused, _ = await figures(server, "another")
        status, text = await figures(server)

        assert (refused, status) == (401, 200)
        values = {
            line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"
        }
        assert values['famulus_job_seconds_count{kind="run",outcome="done"}'] == 2
        assert values['famulus_tool_call_seconds_count{outcome="ok",tool="remember"}'] == 1
        assert values['famulus_model_call_seconds_count{outcome="ok"}'] == 3
        assert sum(value for name, value in values.items() if name.startswith("famulus_recalls_total")) == 2
        assert values["famulus_entries_total"] > 0
        assert values["famulus_flush_seconds_count"] > 0
        assert values["famulus_leases_lost_total"] == 0
        assert values['famulus_runs{status="queued"}'] == 0
        assert values["famulus_jobs_dead"] == 0
        assert values["process_open_fds"] > 0
        route = 'route="/api/v1/conversations/{conversation_id}",status="200"'
        assert values[f'famulus_http_request_seconds_count{{method="GET",{route}}}'] == 1
        assert 'route="other",status="404"' in text
        assert not re.search(r"(user|run|thread|conv|msg)_0", text)


async def test_without_a_token_there_are_no_figures(server: Server) -> None:
    assert (await figures(server))[0] == 404
    assert (await figures(server, ""))[0] == 404
