"""`famulus serve`: the server, with everything it needs in one process."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from famulus import migrations
from famulus.apps.engine import check_connections
from famulus.apps.http import address_of, listen, run
from famulus.apps.server import create_app
from famulus.cli.refusal import refusing
from famulus.features.accounts.commands import list_users, make_link_token
from famulus.features.accounts.links import sign_in_link
from famulus.infra import logging, tracing
from famulus.infra.clients import get_database
from famulus.settings import Settings, get_settings

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on, in place of the setting.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port to listen on, in place of the setting.")
    ] = None,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Whether it also does the work that it accepts.")
    ] = True,
) -> None:
    """Run the server."""
    with refusing():
        settings = prepared()
        app = create_app(settings, works=worker)
        host = host or settings.server.host
        listening = listen(host, settings.server.port if port is None else port)
        asyncio.run(_greet(settings, address_of(listening, host), host))
    drain_seconds = settings.server.drain_seconds
    if not run(app, listening, drain_seconds=drain_seconds, let_go=app.let_go, hurry=app.hurry):
        raise typer.Exit(1)


def prepared(*, role: str = "") -> Settings:
    """The settings of this process, once everything that they name is there and up to date."""
    settings = get_settings()
    logging.configure(settings.log)
    tracing.start(settings.telemetry, role=role)
    prepare_folder(settings.data_dir)
    asyncio.run(check_connections(settings))
    migrations.upgrade(settings.database_url)
    return settings


def prepare_folder(folder: Path) -> None:
    """Make the data folder, unless it is there, and be sure that it can be written to."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, "The data folder cannot be written to", str(folder))


async def _greet(settings: Settings, address: str, host: str) -> None:
    """Say where the server is, and how its owner gets in."""
    base_url = settings.server.public_url or address
    database = get_database()
    has_owner = any(user.role == "owner" for user in await list_users(database))
    chosen = settings.accounts.setup_token
    if chosen is not None and chosen.get_secret_value() and not has_owner:
        link = sign_in_link(base_url, chosen.get_secret_value())
    else:
        link = sign_in_link(base_url, await make_link_token(database, settings.accounts))
    await get_database.close()
    minutes = f"{settings.accounts.token_minutes:g} minutes"
    typer.echo(f"\n  Famulus is at {base_url}\n  Sign in as its owner, once, within {minutes}:\n\n    {link}\n")
    if host not in _LOOPBACK and not has_owner:
        typer.echo("famulus: nobody owns this server yet: whoever has the link above first will.", err=True)
    sys.stdout.flush()
