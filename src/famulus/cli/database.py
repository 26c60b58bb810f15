"""`famulus db`: the schema of the database, and its way to another."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from famulus import migrations
from famulus.apps import copying, search
from famulus.cli.refusal import refusing
from famulus.infra.blobs import FolderBlobs
from famulus.infra.clients import BLOBS, get_blobs
from famulus.settings import get_settings

app = typer.Typer(help="The database's schema, and its way to another database.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the schema up to date; safe to call from many processes at once."""
    settings = get_settings()
    with refusing():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        migrations.upgrade(settings.database_url)
    typer.echo("The schema is up to date.")


@app.command()
def status() -> None:
    """Say at which revision the schema is, and which is the newest."""
    with refusing():
        current, newest = migrations.revision_of(get_settings().database_url)
    typer.echo(f"at {current or 'nothing'}, newest {newest}")


@app.command()
def reindex() -> None:
    """Have everything that can be found taken into the index anew; a server does it, behind its other work."""
    with refusing():
        asyncio.run(search.note_everything())
    typer.echo("Everything is taken in anew by the server, or when it is started.")


@app.command()
def copy(
    source: Annotated[
        str, typer.Option("--from", help="Address of the database to copy, sqlite:/// or postgresql://.")
    ],
    target: Annotated[str, typer.Option("--to", help="Address of an empty database, or of a copy that was begun.")],
    blobs_to: Annotated[
        Path | None,
        typer.Option(help="Data folder of the server that will use the copy, where that is not this one's."),
    ] = None,
) -> None:
    """Copy everything in one database to another, and verify it.

    No server may be running on either. A copy that was interrupted goes on when the same command is given again, and
    no server starts on it before it is whole.
    """
    with refusing():
        for address in (source, target):
            copying.check_address(address)
        blobs = asyncio.run(_copy_blobs(blobs_to)) if blobs_to else None
        copied = asyncio.run(copying.copy(source, target, _shown))
    width = max(len(table.name) for table in copied)
    for table in copied:
        typer.echo(f"{table.name:{width}}  {table.rows:>10,}  {table.checksum}")
    typer.echo(f"{sum(table.rows for table in copied):,} rows in {len(copied)} tables are the same on both sides.")
    if blobs is not None:
        typer.echo(f"{blobs:,} blobs were copied to {blobs_to}.")


async def _copy_blobs(data_dir: Path) -> int:
    target = FolderBlobs(data_dir / BLOBS)
    return await copying.copy_blobs(get_blobs(), target, partial(_shown, unit="bytes"))


@contextmanager
def _shown(what: str, many: int, *, unit: str = "rows") -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, a line elsewhere."""
    with typer.progressbar(length=many, label=f"{what} {many:,} {unit}", file=typer.get_text_stream("stderr")) as bar:
        yield bar.update
