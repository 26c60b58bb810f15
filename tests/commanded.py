"""Commands of the operator, one after the other in one process: `python -m tests.commanded`, told what on its input.

To start a process for each would take longer than what they do.
"""

import json
import sys

from typer.testing import CliRunner

from famulus.cli import app


def done(arguments: list[str]) -> tuple[int, str, str]:
    """Exit status, what was said, and what went wrong."""
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


if __name__ == "__main__":
    sys.stdout.write(json.dumps([done(arguments) for arguments in json.load(sys.stdin)]))
