"""`famulus user export` and `famulus user import`: all that is somebody's, as one file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from famulus import migrations
from famulus.apps.archives import open_archives
from famulus.cli.refusal import refusing
from famulus.cli.serve import prepare_folder
from famulus.cli.user import run_on_database
from famulus.features.accounts import commands
from famulus.features.accounts.portable import record_in
from famulus.features.accounts.tables import User
from famulus.features.archives.service import Archives
from famulus.infra.archives import Archive, ArchiveNotUnderstood, ArchiveTooLarge, Arrival
from famulus.infra.database import Database
from famulus.kit.errors import Conflict
from famulus.settings import get_settings

Who = Annotated[str, typer.Argument(help="An id or an e-mail address.")]
Target = Annotated[Path, typer.Argument(metavar="FILE", help="What to write; a file that is there already stays.")]
Source = Annotated[Path, typer.Argument(metavar="FILE", help="An archive.", exists=True, dir_okay=False, readable=True)]
Into = Annotated[
    str | None,
    typer.Option("--into", help="An id or an e-mail address; whoever has the archive's address if left out."),
]


class FileThere(Conflict):
    """A file was to be written where one is."""


def export(who: Who, file: Target) -> None:
    """Write all that is somebody's into one file; what opens things is not in it."""

    async def write(database: Database) -> str:
        user_id = await commands.id_of(database, who)
        async with open_archives(database, get_settings()) as archives:
            with _fresh(file) as out:
                async for piece in archives.pieces(user_id):
                    out.write(piece)
        await commands.note(database, "exported", user_id)
        return user_id

    with refusing():
        user_id = run_on_database(write)
        typer.echo(f"All that is {user_id}'s is in {file}, {file.stat().st_size:,} bytes.")


def take_in(file: Source, into: Into = None) -> None:
    """Take in what an export has written: nothing of a file with anything wrong in it.

    Whoever has the archive's e-mail address gets it; where nobody has, an account is made. What they have already
    stays as it is, so that an archive may be taken in twice.
    """

    async def take(database: Database) -> tuple[User, bool, Arrival]:
        async with open_archives(database, get_settings()) as archives:
            with file.open("rb") as archive_file:
                archive = await _looked_through(archives, archive_file)
                record = record_in(archive)
                user, is_new = await commands.arriving(database, name=record.name, email=record.email, who=into)
                arrival = await archives.bring(user.id, archive)
        await commands.note(database, "imported", user.id)
        return user, is_new, arrival

    with refusing():
        settings = get_settings()
        prepare_folder(settings.data_dir)
        migrations.upgrade(settings.database_url)
        user, is_new, arrival = run_on_database(take)
    for what in sorted(arrival.imported):
        fate = f"{arrival.imported[what]:>9,}  {arrival.known[what]:>9,}  {arrival.left_out[what]:>9,}"
        typer.echo(f"{what:24}  {fate}")
    typer.echo(f"imported, there already, and left out, of {user.name} ({user.role}, {user.email or user.id}).")
    if is_new:
        way_in = "famulus user link" if user.role == "owner" else f"famulus user password {user.email}"
        typer.echo(f"The account is new, and has no password: {way_in}")


async def _looked_through(archives: Archives, file: BinaryIO) -> Archive:
    try:
        return await archives.look_through(file)
    except (ArchiveNotUnderstood, ArchiveTooLarge) as error:
        where = ", ".join(f"{name} {value}" for name, value in error.details.items())
        raise ArchiveNotUnderstood(f"{error.message} ({where})" if where else error.message) from None


@contextmanager
def _fresh(path: Path) -> Iterator[BinaryIO]:
    """A file that only its owner may read, there once it is whole."""
    if path.exists():
        raise FileThere(f"{path} is there already.")
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
