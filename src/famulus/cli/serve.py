"""`famulus serve`: the server, with everything it needs in one process."""

import asyncio
import gc
import os
import socket
import sys
from typing import Annotated

import typer
import uvicorn

from famulus import migrations
from famulus.apps.http import HalfOpenProtocol, StoppingServer
from famulus.apps.server import create_app
from famulus.cli.refusal import refusing
from famulus.features.accounts.commands import list_users, make_link_token
from famulus.features.accounts.links import sign_in_link
from famulus.infra import logging
from famulus.infra.clients import get_database
from famulus.settings import Settings, get_settings

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_USER_TIMEOUT_MILLISECONDS = 60_000
_GARBAGE_THRESHOLDS = 20_000, 20, 50
_MOST_MESSAGE_BYTES = 1_048_576


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on, in place of the setting.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port to listen on, in place of the setting.")
    ] = None,
) -> None:
    """Run the server."""
    with refusing():
        settings = get_settings()
        logging.configure(settings.log)
        _prepare_folder(settings)
        migrations.upgrade(settings.database_url)
        app = create_app(settings)
        listening = _listen(host or settings.server.host, settings.server.port if port is None else port)
        asyncio.run(_greet(settings, listening, host or settings.server.host))
    config = uvicorn.Config(
        app,
        http=HalfOpenProtocol,
        ws="websockets-sansio",
        ws_max_size=_MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(settings.server.drain_seconds) + 5,
    )
    # What exists by now stays: looking through it for garbage, thousands of times an hour, would find none.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    server = StoppingServer(config, let_go=app.let_go)
    server.run(sockets=[listening])
    if not server.started:
        raise typer.Exit(1)


def _prepare_folder(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        raise PermissionError(13, "The data folder cannot be written to", str(settings.data_dir))


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that the address that is printed is the one that answers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # A peer that is gone, or takes nothing, gives its buffers back after a minute.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MILLISECONDS)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"Cannot listen on {host}:{port}: {error.strerror}") from None
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


async def _greet(settings: Settings, listening: socket.socket, host: str) -> None:
    """Say where the server is, and how its owner gets in."""
    address = f"http://{host if ':' not in host else f'[{host}]'}:{listening.getsockname()[1]}"
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
