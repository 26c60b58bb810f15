"""How a command says, in one line, that it cannot do what it was asked."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import DBAPIError

from famulus.kit.errors import FamulusError


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what an operator can mend into one line and exit status 1."""
    try:
        yield
    except FamulusError as error:
        reason = error.message
    except DBAPIError as error:
        reason = f"The database cannot be used: {error.orig}."
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}." if error.filename else f"{error.strerror}."
    except ValidationError as error:
        reason = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        )
    except SettingsError as error:
        reason = f'{error}: a list is written as JSON, such as ["one", "two"].'
    except tomllib.TOMLDecodeError as error:
        reason = f"famulus.toml: {error}."
    else:
        return
    typer.echo(f"famulus: {' '.join(reason.split())}", err=True)
    raise SystemExit(1)
