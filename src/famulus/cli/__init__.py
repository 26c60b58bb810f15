"""Commands for the operator."""

import typer

from famulus.cli import archive, database, doctor, memory, serve, user, worker
from famulus.cli.refusal import refusing

app = typer.Typer(
    name="famulus", help="A self-hosted assistant whose answers survive anything.", no_args_is_help=True,
    pretty_exceptions_enable=False, add_completion=False,
)  # fmt: skip
app.command()(serve.serve)
app.command()(doctor.doctor)
app.command()(worker.worker)
app.add_typer(database.app, name="db")
user.app.command("export")(archive.export)
user.app.command("import")(archive.take_in)
app.add_typer(user.app, name="user")
app.add_typer(memory.app, name="memory")


def main() -> None:
    """Run the command that the arguments name."""
    with refusing():
        app()
