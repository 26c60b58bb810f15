"""`famulus doctor`: whether everything is there that a server needs, one line each."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from famulus.apps.doctor import Finding, examine
from famulus.cli.refusal import refusing
from famulus.settings import get_settings

_COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Look at everything a server stands on, and say what to do; status 1 if something is broken."""
    with refusing():
        findings = asyncio.run(examine(get_settings()))
    broken = any(finding.state == "fail" for finding in findings)
    if as_json:
        typer.echo(orjson.dumps({"ok": not broken, "findings": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            _print(finding)
    if broken:
        raise typer.Exit(1)


def _print(finding: Finding) -> None:
    state = typer.style(f"{finding.state:4}", fg=_COLOURS[finding.state])
    typer.echo(f"{state}  {finding.name:12}  {' '.join(finding.said.split())}")
