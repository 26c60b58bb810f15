"""`famulus user`: people and their credentials, for whoever operates the server."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import typer

from famulus.features.accounts import commands
from famulus.features.accounts.links import sign_in_link
from famulus.infra.clients import make_database
from famulus.infra.database import Database
from famulus.kit.clock import iso
from famulus.kit.errors import FamulusError
from famulus.settings import Settings, get_settings

T = TypeVar("T")

app = typer.Typer(name="user", help="People, their sign-in and their API keys.", no_args_is_help=True)

Somebody = Annotated[str | None, typer.Argument(help="An id or an e-mail address; the owner if left out.")]


@app.command("list")
def list_users() -> None:
    """List everybody who has an account."""
    for user in run_on_database(commands.list_users):
        state = "disabled" if user.disabled_at else user.role
        typer.echo(f"{user.id}  {state:8}  {iso(user.created_at)}  {user.email or '-'}  {user.name}")


@app.command()
def link() -> None:
    """Print a link that works once and soon expires: it signs the owner in, and the first makes the owner."""
    settings = get_settings()
    token = run_on_database(lambda database: commands.make_link_token(database, settings.accounts))
    typer.echo(sign_in_link(_base_url(settings), token))


@app.command()
def key(
    who: Somebody = None,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="chat (the default), account, users:act or admin; may be repeated."),
    ] = None,
) -> None:
    """Make an API key, and print it this once."""
    made = run_on_database(lambda database: commands.make_key(database, name=name, scopes=scope or ["chat"], who=who))
    typer.echo(made.secret)


@app.command()
def password(
    who: Somebody = None,
    new: Annotated[
        str,
        typer.Option(prompt="New password", hide_input=True, confirmation_prompt=True, show_default=False),
    ] = "",
) -> None:
    """Set somebody's password, and sign them out everywhere."""
    user = run_on_database(lambda database: commands.reset_password(database, who=who, password=new))
    typer.echo(f"{user.name} has a new password, and is signed out everywhere.")


@app.command()
def disable(
    who: Annotated[str, typer.Argument(help="An id or an e-mail address.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False,
) -> None:
    """Stop every session and key of a member from working."""
    user = run_on_database(lambda database: commands.set_disabled(database, who=who, disabled=not undo))
    typer.echo(f"{user.name} may {'sign in again' if undo else 'not sign in any more'}.")


def run_on_database(command: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Run one command on the database of the settings; an expected failure is one line and exit code 1."""

    async def run() -> T:
        settings = get_settings()
        database = make_database(settings.database_url, settings.database)
        try:
            return await command(database)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except FamulusError as error:
        typer.secho(error.message, err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from error


def _base_url(settings: Settings) -> str:
    return settings.server.public_url or f"http://{settings.server.host}:{settings.server.port}"
