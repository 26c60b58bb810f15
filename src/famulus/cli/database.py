"""`famulus db`: the schema of the database."""

import typer

from famulus import migrations
from famulus.cli.refusal import refusing
from famulus.settings import get_settings

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


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
