"""One turn is one trace, through every process that has a part in it, and nobody's words are in it."""

import asyncio
from pathlib import Path

import pytest

from tests.process.collector import Collector, collecting
from tests.process.test_refusals import famulus, is_refused
from tests.serving import Server, free_port, serving

pytestmark = pytest.mark.anyio

CLIENTS_TRACE = "0af7651916cd43dd8448eb211c80319c"
CLIENTS_SPAN = "b7ad6b7169203331"
SECRET = "the safe opens with 4711"


async def _one_turn(server: Server) -> str:
    """Have something remembered, in the trace of a client; the run."""
    owner = await server.owner()
    thread = await owner.thread()
    headers = {"traceparent": f"00-{CLIENTS_TRACE}-{CLIENTS_SPAN}-01", "X-Correlation-ID": "corr-of-the-client"}
    path = f"/api/v1/conversations/{thread}/runs"
    status, run = await owner.request("POST", path, {"message": f"remember that {SECRET}"}, headers=headers)
    assert status == 202, run
    ended = await owner.ended(run["id"])
    assert ended["status"] == "completed"
    run_id: str = run["id"]
    return run_id


async def test_a_turn_through_server_worker_and_memory_is_one_trace(tmp_path: Path) -> None:
    async with collecting() as collector:
        common = {
            "FAMULUS_TELEMETRY__OTLP_ENDPOINT": collector.url,
            "FAMULUS_MEMORY__SERVICE_KEY": "a-service-key-for-tests",
            "FAMULUS_MEMORY__EMBEDDINGS": "none",
            "FAMULUS_MEMORY__DEADLINE_SECONDS": "10",
        }
        with serving(tmp_path / "memory", command="memory", **common) as memory:
            await memory.start()
            with serving(tmp_path / "server", FAMULUS_MEMORY__URL=memory.url, **common) as server:
                server.arguments = ("--no-worker",)
                await server.start()
                port = free_port()
                beside = {**server.environment, **server.kept.environment}
                worker = Server(tmp_path / "server", beside, port, "worker", ("--health-port", str(port)))
                try:
                    await worker.start()
                    run_id = await _one_turn(server)
                    assert await asyncio.to_thread(worker.stop) == 0
                finally:
                    worker.end()
                assert await asyncio.to_thread(server.stop) == 0
            assert await asyncio.to_thread(memory.stop) == 0

    _is_one_tree(collector, run_id)


def _is_one_tree(collector: Collector, run_id: str) -> None:
    asked = collector.named("POST /api/v1/conversations/{conversation_id}/runs")
    run, tool = collector.named("run"), collector.named("execute_tool remember")
    calls = [span for span in collector.spans if span.name == "chat offline"]
    mine = [span for span in collector.spans if span.trace_id == CLIENTS_TRACE]

    assert (asked.service, run.service, tool.service) == ("famulus", "famulus-worker", "famulus-worker")
    assert (asked.trace_id, asked.parent_id) == (CLIENTS_TRACE, CLIENTS_SPAN)
    assert (run.trace_id, run.parent_id) == (CLIENTS_TRACE, asked.id)
    assert tool.parent_id == run.id
    assert [call.parent_id for call in calls if call in mine] == [run.id, run.id]
    # The memory is asked when the run begins and by its tool, and answers below whoever asked.
    askers = {span.id: span.parent_id for span in mine if span.name == "POST memory"}
    assert sorted(askers.values()) == sorted([run.id, tool.id])
    answers = [span for span in mine if span.service == "famulus-memory"]
    assert sorted(span.parent_id for span in answers) == sorted(askers)
    assert len(mine) == 1 + 1 + 1 + 2 + 2 + 2

    assert asked.attributes["http.response.status_code"] == 202
    assert collector.named("POST /api/v1/auth/token").trace_id != CLIENTS_TRACE
    assert (run.attributes["famulus.run.id"], run.attributes["famulus.run.status"]) == (run_id, "completed")
    assert tool.attributes["famulus.outcome"] == "ok"
    assert all(isinstance(call.attributes["gen_ai.usage.output_tokens"], int) for call in calls)
    assert {span.attributes.get("famulus.correlation_id") for span in mine} == {"corr-of-the-client"}
    # It was queued before it was worked on, and that is part of it.
    assert run.began <= min(call.began for call in calls)
    assert not any(span.is_error for span in mine)
    for words in (SECRET, "4711", "user_0", "remember that"):
        assert words.encode() not in collector.raw


@pytest.mark.parametrize("command", ["serve", "worker", "memory"])
def test_without_the_extra_a_process_that_is_to_trace_does_not_start(tmp_path: Path, command: str) -> None:
    missing = tmp_path / "opentelemetry" / "sdk"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ModuleNotFoundError(name='opentelemetry.sdk')")
    endpoint = {"FAMULUS_TELEMETRY__OTLP_ENDPOINT": "http://127.0.0.1:4318"}

    is_refused(famulus(command, folder=tmp_path, **endpoint), "telemetry.otlp_endpoint", "famulus[otel]")
