"""`famulus worker`: the work without the server, as often as one likes."""

from typing import Annotated

import typer

from famulus.apps.http import listen, run
from famulus.apps.worker import create_app
from famulus.cli.refusal import refusing
from famulus.cli.serve import prepared


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Jobs to work on at once, in place of the setting.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address for the health checks.")] = "127.0.0.1",
    health_port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port for the health checks; without one there are none.")
    ] = None,
) -> None:
    """Work on what servers accept, beside any number of others that do the same."""
    with refusing():
        settings = prepared(role="worker")
        if concurrency is not None:
            jobs = settings.jobs.model_copy(update={"concurrency": concurrency})
            settings = settings.model_copy(update={"jobs": jobs})
        app = create_app(settings)
        listening = None if health_port is None else listen(host, health_port)
    drain_seconds = settings.server.drain_seconds
    if not run(app, listening, drain_seconds=drain_seconds, let_go=app.let_go, hurry=app.hurry):
        raise typer.Exit(1)
