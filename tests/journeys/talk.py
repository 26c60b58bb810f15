"""Talking to a server in tests, and the oracle that every fault is followed by."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.fake_model.fixture import FakeModel
from tests.serving import Client, Event, Server, assert_whole, messages_of, parsed

OFFLINE = "offline"
_TERMINAL = {"completed", "failed", "cancelled", "expired", "incomplete"}


def environment(provider: FakeModel) -> dict[str, str]:
    """What connects a server to the fake provider and to the tools of these tests."""
    return {
        "OPENAI_BASE_URL": provider.base_url,
        "OPENAI_API_KEY": "sk-fake",
        # Nothing but its turns is asked of the provider.
        "FAMULUS_MEMORY__EXTRACTION": "false",
        "FAMULUS_MODEL__NAME": "text?tokens=20",
        "FAMULUS_AGENT__TOOL_MODULES": '["tests.journeys.tools"]',
    }


@dataclass(frozen=True)
class Talk:
    """A conversation with an assistant of one model."""

    client: Client
    thread_id: str
    assistant_id: str

    async def send(self, message: str = "go on", **fields: Any) -> str:
        """Say something and leave; the id of the run."""
        run = await self.client.send(self.thread_id, message, assistant_id=self.assistant_id, **fields)
        run_id: str = run["id"]
        return run_id

    async def turn(self, message: str = "go on", **fields: Any) -> tuple[Any, list[Event]]:
        """Say something and hear the answer out; the run, and its events."""
        run_id = await self.send(message, **fields)
        events = await assert_sound(self.client, run_id)
        return await self.client.get(f"/runs/{run_id}"), events

    async def said(self) -> list[tuple[str, str, str]]:
        return await self.client.texts(self.thread_id)


async def talk(client: Client, model: str = OFFLINE, *, tools: list[str] | None = None) -> Talk:
    """A new conversation. It has a title, so that nothing but its turns is asked of the provider."""
    assistant = await client.post("/api/v1/assistants", {"name": "Test", "model": model, "tools": tools}, expect=201)
    conversation = await client.post("/api/v1/conversations", {"title": "A test"}, expect=201)
    return Talk(client, conversation["id"], assistant["id"])


def use(tool: str, **arguments: Any) -> str:
    """What makes the offline model call a tool."""
    return f"use {tool} {json.dumps(arguments)}"


async def assert_sound(client: Client, run_id: str) -> list[Event]:
    """The oracle for one run: its log is whole, and everything else that is shown of it says the same."""
    async with asyncio.timeout(60):
        events = await client.events(run_id)
    assert_whole(events)
    run = await client.get(f"/runs/{run_id}")
    assert run["status"] == events[-1].data["status"]
    assert run["status"] in _TERMINAL
    assert run["ended_at"]
    if run["status"] == "failed":
        assert run["last_error"]["message"]
        assert "Traceback" not in run["last_error"]["message"]
    folded = messages_of(events)
    stored = [m for m in await all_messages(client, run["thread_id"]) if m["run_id"] == run_id]
    answers = {m["id"]: m for m in stored if m["role"] == "assistant"}
    assert {key: text_in(m) for key, m in answers.items()} == folded
    assert all(m["status"] in {"completed", "incomplete"} for m in answers.values())
    steps = (await client.get(f"/runs/{run_id}/steps?limit=100"))["data"]
    assert all(step["status"] != "in_progress" for step in steps), steps
    return events


async def assert_goes_on(client: Client, thread_id: str) -> None:
    """The conversation is usable: what is said next is answered."""
    assistant = (await talk(client)).assistant_id
    run = await client.send(thread_id, "hello", assistant_id=assistant)
    await assert_sound(client, run["id"])
    assert (await client.get(f"/runs/{run['id']}"))["status"] == "completed"


def assert_at_rest(server: Server) -> None:
    """Nothing is left at work: no run without an end, no job that somebody holds or has given up."""
    assert rows(server, "SELECT id, status FROM runs WHERE ended_at IS NULL") == []
    assert rows(server, "SELECT id, kind FROM jobs WHERE leased_by IS NOT NULL OR dead OR kind = 'run'") == []
    assert rows(server, "SELECT id FROM streams WHERE NOT closed") == []
    assert rows(server, "SELECT id FROM messages WHERE status = 'in_progress'") == []


async def all_messages(client: Client, thread_id: str) -> list[Any]:
    """Every message of a conversation, latest first, page by page."""
    found: list[Any] = []
    after = ""
    while True:
        page = await client.get(f"/api/v1/conversations/{thread_id}/messages?limit=100{after}")
        found += page["data"]
        if not page["has_more"]:
            return found
        after = f"&after={page['next']}"


def text_in(message: Any) -> str:
    return "".join(part["text"]["value"] for part in message["content"])


def rows(server: Server, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What the database of a server holds, whether it runs or not."""
    return server.kept.rows(sql, *parameters)


async def until(condition: Callable[[], Any], *, seconds: float = 60) -> None:
    """Wait until something is so, but not for ever."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def first(events: AsyncIterator[Event], name: str, *, times: int = 1) -> list[Event]:
    """What comes up to an event of this name, with it."""
    seen: list[Event] = []
    async for event in events:
        seen.append(event)
        times -= event.name == name
        if times == 0:
            return seen
    raise AssertionError(f"There was no {name}: {[event.name for event in seen]}")


async def spoken(client: Client, thread_id: str, message: str, seen: list[Event], **fields: Any) -> None:
    """Say something with `POST /chat` and note its events, until they end or the server dies."""
    timeout = aiohttp.ClientTimeout(total=None, sock_read=120)
    headers = {**client.headers, "Accept": "text/event-stream"}
    body = {"thread_id": thread_id, "message": message, **fields}
    buffer = b""
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.post(f"{client.url}/chat", json=body, headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()
        async for chunk in answer.content.iter_any():
            *frames, buffer = (buffer + chunk).split(b"\n\n")
            seen += [event for frame in frames if (event := parsed(frame))]
