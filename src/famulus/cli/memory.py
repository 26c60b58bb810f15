"""`famulus memory`: what is remembered of somebody, for whoever operates the server."""

import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import orjson
import typer

from famulus import migrations
from famulus.apps.http import address_of, listen, run
from famulus.apps.memory import create_app
from famulus.cli.refusal import refusing
from famulus.cli.serve import prepare_folder
from famulus.cli.user import Somebody, run_on_database
from famulus.features.accounts import commands
from famulus.infra import logging, tracing
from famulus.infra.clients import close_clients, make_database
from famulus.infra.database import Database
from famulus.kit.clock import utc_now
from famulus.memory.client import make_searcher
from famulus.memory.schemas import MOST_HITS, MemoryView, Search
from famulus.memory.service import Memories
from famulus.settings import get_settings

T = TypeVar("T")

app = typer.Typer(name="memory", help="What is remembered of people, and the service that keeps it.")

Host = Annotated[str | None, typer.Option(help="Address to listen on, in place of the setting.")]
Port = Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on, in place of the setting.")]
Most = Annotated[int, typer.Option(help="How many at most.", min=1, max=MOST_HITS)]


@app.callback(invoke_without_command=True)
def memory(context: typer.Context) -> None:
    """What is remembered of people; without a command, the service that keeps it."""
    if context.invoked_subcommand is None:
        serve()


@app.command()
def serve(host: Host = None, port: Port = None) -> None:
    """Run the memory service, for servers whose `memory.url` names it."""
    with refusing():
        settings = get_settings()
        logging.configure(settings.log)
        tracing.start(settings.telemetry, role="memory")
        prepare_folder(settings.data_dir)
        is_the_servers = settings.memory_database_url == settings.database_url
        upgrade = migrations.upgrade if is_the_servers else migrations.upgrade_memory
        upgrade(settings.memory_database_url)
        app = create_app(settings)
        host = host or settings.memory.host
        listening = listen(host, settings.memory.port if port is None else port)
    typer.echo(f"\n  Famulus' memory is at {address_of(listening, host)}\n")
    sys.stdout.flush()
    if not run(app, listening, drain_seconds=settings.server.drain_seconds, let_go=lambda: None):
        raise typer.Exit(1)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for, as plain text.")],
    who: Somebody = None,
    most: Most = 10,
) -> None:
    """Find what is remembered, best first, and say why it was found."""

    async def look(database: Database, user_id: str) -> None:
        searcher = make_searcher(database, get_settings().memory)
        try:
            found = await searcher.search(user_id, Search(query=query, k=most), at=utc_now())
        finally:
            await searcher.stop()
            await close_clients()
        for hit in found.data:
            reason = hit.reason.model_dump_json(exclude_none=True)
            typer.echo(f"{hit.score:.3f}  {_line(hit.memory)}\n       {reason}")

    _run_for(who, look)


@app.command("list")
def list_memories(who: Somebody = None, most: Most = 20) -> None:
    """List what is remembered now, newest first."""

    async def look(database: Database, user_id: str) -> None:
        page = await database.read(lambda session: Memories(session, user_id).page(kinds=None, after=None, limit=most))
        for memory in page:
            typer.echo(_line(MemoryView.of(memory)))

    _run_for(who, look)


@app.command()
def export(who: Somebody = None) -> None:
    """Write down everything with every version, one JSON object a line."""

    async def look(database: Database, user_id: str) -> None:
        for memory in await database.read(lambda session: Memories(session, user_id).everything()):
            typer.echo(orjson.dumps(MemoryView.of(memory).model_dump(mode="json")).decode())

    _run_for(who, look)


def _line(memory: MemoryView) -> str:
    speaker = f"{memory.speaker}: " if memory.speaker else ""
    return f"{memory.id}  {memory.said_at:%Y-%m-%d}  {memory.kind:10}  {speaker}{memory.text}"


def _run_for(who: str | None, command: Callable[[Database, str], Coroutine[Any, Any, T]]) -> T:
    async def run_command(people: Database) -> T:
        user_id = await commands.id_of(people, who)
        settings = get_settings()
        if settings.memory_database_url == settings.database_url:
            return await command(people, user_id)
        memories = make_database(settings.memory_database_url)
        try:
            return await command(memories, user_id)
        finally:
            await memories.close()

    return run_on_database(run_command)
