"""A command that cannot do what it is asked says so in one line, and ends with a status that says so too."""

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from famulus.cli import main
from famulus.settings import get_settings

ROOT = Path(__file__).parents[2]


def famulus(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator does, in a folder with nothing in it."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {
        "FAMULUS_DATA_DIR": str(folder / "data"),
        "FAMULUS_SERVER__PORT": "0",
        "PYTHONPATH": f"{ROOT / 'src'}",
        "PYTHONWARNINGS": "ignore",
    }
    return subprocess.run(
        [sys.executable, "-m", "famulus", *arguments],
        env={**clean, **own, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def is_refused(outcome: subprocess.CompletedProcess[str], *words: str) -> None:
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    lines = outcome.stderr.splitlines()
    assert len(lines) == 1, outcome.stderr
    for word in words:
        assert word in lines[0], lines[0]


def test_a_data_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    is_refused(famulus("serve", folder=tmp_path, FAMULUS_DATA_DIR=f"{tmp_path}/file/data"), "Not a directory", "file")


def test_a_data_folder_that_nobody_can_make(tmp_path: Path) -> None:
    is_refused(famulus("serve", folder=tmp_path, FAMULUS_DATA_DIR="/proc/famulus"), "/proc/famulus")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "famulus.db").write_bytes(b"These are not the bytes you are looking for." * 200)

    is_refused(famulus("serve", folder=tmp_path), "not a database")


def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "data" / "famulus.db").mkdir(parents=True)

    is_refused(famulus("serve", folder=tmp_path), "unable to open")


def test_a_database_from_the_future(tmp_path: Path) -> None:
    assert famulus("db", "upgrade", folder=tmp_path).returncode == 0
    with closing(sqlite3.connect(tmp_path / "data" / "famulus.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    is_refused(famulus("serve", folder=tmp_path), "9999", "newer")


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        is_refused(famulus("serve", folder=tmp_path, FAMULUS_SERVER__PORT=str(port)), str(port), "in use")


class Refused:
    """A command that runs in this process: quicker, and the same in all that can be seen."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        for name in os.environ:
            if name.startswith(("FAMULUS_", "OPENAI_", "DATABASE_", "REDIS_")):
                monkeypatch.delenv(name)
        monkeypatch.setenv("FAMULUS_DATA_DIR", str(folder / "data"))
        monkeypatch.setenv("FAMULUS_SERVER__PORT", "0")
        monkeypatch.chdir(folder)

    def __call__(self, command: str, *words: str, **environment: str) -> None:
        for name, value in environment.items():
            self._monkeypatch.setenv(name, value)
        self._monkeypatch.setattr(sys, "argv", ["famulus", *command.split()])
        get_settings.cache_clear()
        try:
            with pytest.raises(SystemExit) as ended:
                main()
        finally:
            get_settings.cache_clear()
        said = self._capsys.readouterr()
        code = ended.value.code
        is_refused(subprocess.CompletedProcess([], code if isinstance(code, int) else 1, said.out, said.err), *words)
        assert "secret" not in said.err


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Refused]:
    configured = structlog.get_config()
    yield Refused(tmp_path, monkeypatch, capsys)
    structlog.configure(**configured)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("FAMULUS_SERVER__PORT", "http", "server.port"),
        ("FAMULUS_SERVER__PORT", "70000", "server.port"),
        ("FAMULUS_SERVER__HOST", "256.1.1.1", "256.1.1.1"),
        ("FAMULUS_SERVER__HOST", "203.0.113.1", "203.0.113.1"),
        ("FAMULUS_SERVER__PRT", "8000", "server.prt"),
        ("FAMULUS_SERVER", "8000", "server"),
        ("FAMULUS_SERVER__TRUSTED_PROXIES", '["router"]', "router"),
        ("FAMULUS_LOG__LEVEL", "loud", "log.level"),
        ("FAMULUS_AGENT__TOOL_MODULES", "my_tools", "agent"),
        ("FAMULUS_AGENT__TOOL_MODULES", '["no_such_tools"]', "no_such_tools"),
        ("FAMULUS_AGENT__TOOL_MODULES", '["json"]', "json"),
        ("DATABASE_URL", "nonsense", "database.url"),
        ("DATABASE_URL", "mysql://maria:secret@db/famulus", "sqlite:///"),
        ("DATABASE_URL", "postgresql://maria:secret@db:http/famulus", "database.url"),
        ("DATABASE_URL", "postgresql://maria:secret@127.0.0.1:1/famulus", "database cannot be reached"),
        ("FAMULUS_REDIS__URL", "nonsense", "redis.url"),
        ("REDIS_URL", "redis://:secret@127.0.0.1:port/0", "redis.url"),
        ("REDIS_URL", "redis://:secret@127.0.0.1:1/0", "Redis cannot be reached"),
        ("OPENAI_API_KEY", "sk-secret", "FAMULUS_MODEL__NAME"),
        ("FAMULUS_MODEL__BASE_URL", "http://127.0.0.1:1/v1", "FAMULUS_MODEL__NAME"),
    ],
)
def test_a_setting_that_does_not_fit(refused: Refused, name: str, value: str, words: str) -> None:
    refused("serve", words, **{name: value})


@pytest.mark.parametrize("command", ["db upgrade", "db status", "user list", "user link", "user key"])
def test_every_command_reads_the_settings(refused: Refused, command: str) -> None:
    refused(command, "server.port", FAMULUS_SERVER__PORT="http")


@pytest.mark.parametrize("command", ["db upgrade", "db status", "user list", "user link", "user key"])
def test_no_command_takes_any_file_for_a_database(tmp_path: Path, refused: Refused, command: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "famulus.db").write_bytes(b"These are not the bytes you are looking for." * 200)

    refused(command, "database")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "postgresql://maria:secret@127.0.0.1:1/famulus", "database cannot be reached"),
        ("REDIS_URL", "redis://:secret@127.0.0.1:1/0", "Redis cannot be reached"),
    ],
)
def test_a_worker_without_what_it_needs(refused: Refused, name: str, value: str, words: str) -> None:
    refused("worker", words, **{name: value})


def test_a_file_of_settings_that_is_not_toml(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "famulus.toml").write_text("server = [")

    refused("serve", "famulus.toml")
