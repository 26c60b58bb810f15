"""`famulus memory`: what is remembered of somebody, for whoever operates the server."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import orjson
import typer

from famulus.cli.user import Somebody, run_on_database
from famulus.features.accounts import commands
from famulus.infra.clients import close_clients, get_openai_client
from famulus.infra.database import Database
from famulus.kit.clock import utc_now
from famulus.memory.client import Searcher, make_embedder
from famulus.memory.schemas import MOST_HITS, MemoryView, Search
from famulus.memory.service import Memories
from famulus.settings import get_settings

T = TypeVar("T")

app = typer.Typer(name="memory", help="What is remembered of people.", no_args_is_help=True)

Most = Annotated[int, typer.Option(help="How many at most.", min=1, max=MOST_HITS)]


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for, as plain text.")],
    who: Somebody = None,
    most: Most = 10,
) -> None:
    """Find what is remembered, best first, and say why it was found."""

    async def look(database: Database, user_id: str) -> None:
        searcher = Searcher(database, make_embedder(get_settings().memory, get_openai_client()))
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
    async def run(database: Database) -> T:
        return await command(database, await commands.id_of(database, who))

    return run_on_database(run)
