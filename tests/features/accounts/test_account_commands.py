"""`famulus user`: what an operator does from the command line."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from famulus.cli.user import app
from famulus.infra.schema import metadata
from famulus.infra.sqlite import SqliteDatabase
from famulus.settings import get_settings
from tests.features.accounts.place import MARIA, OTTO, Place, open_place


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("FAMULUS_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


@pytest.fixture
def anybody(data_dir: Path) -> None:
    """Maria, who owns the server, and Otto."""

    async def come_in(place: Place) -> None:
        await place.member(await place.owner())

    visit(data_dir, come_in)


def visit(data_dir: Path, what: Any) -> Any:
    """Do something at a server on the same database."""

    async def run() -> Any:
        database = SqliteDatabase(f"sqlite:///{data_dir / 'famulus.db'}")

        async def create_tables(session: Any) -> None:
            metadata.create_all(session._connection)

        await database.write(create_tables)
        async with open_place(database) as place:
            found = await what(place)
        await database.close()
        return found

    return asyncio.run(run())


def user(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=typed)


def test_everybody_is_listed(anybody: None) -> None:
    listed = user("list").stdout.splitlines()

    assert ["owner" in line for line in listed] == [True, False]
    assert listed[1].endswith("otto@example.com  Otto")


def test_a_link_signs_the_owner_in(anybody: None, data_dir: Path) -> None:
    link = user("link").stdout.strip()
    assert link.startswith("http://127.0.0.1:8000/?token=")

    async def use(place: Place) -> Any:
        return await place.browser().post("/auth/token", {"token": link.partition("token=")[2]})

    # The server of this test lives in another time: its clock stands before the link runs out.
    answer = visit(data_dir, use)

    assert (answer.status, answer.body["name"]) == (200, "Maria")


def test_a_key_is_printed_alone(anybody: None, data_dir: Path) -> None:
    secret = user("key", "--scope", "chat", "--scope", "admin").stdout.strip()

    async def use(place: Place) -> Any:
        return await place.program(secret).post("/_admin", {})

    assert visit(data_dir, use).status == 200


def test_a_members_key_has_no_more_rights_than_the_member(anybody: None) -> None:
    refused = user("key", "otto@example.com", "--scope", "admin")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.strip() == "This credential may not do that."


def test_a_new_password_signs_out_everywhere(anybody: None, data_dir: Path) -> None:
    said = user("password", "otto@example.com", typed="eight orange trams\neight orange trams\n")
    assert said.exit_code == 0
    assert "eight" not in said.stdout

    async def use(place: Place) -> tuple[int, int, list[Any]]:
        otto = await place.sql("SELECT sessions.id FROM sessions JOIN users ON user_id = users.id WHERE name = 'Otto'")
        new = await place.browser().sign_in({**OTTO, "password": "eight orange trams"})
        old = await place.browser().sign_in(OTTO)
        return new.status, old.status, otto

    assert visit(data_dir, use) == (200, 401, [])


def test_a_weak_password_is_refused(anybody: None) -> None:
    refused = user("password", typed="password1\npassword1\n")

    assert refused.exit_code == 1
    assert "anybody would guess" in refused.stderr


def test_a_member_is_shut_out_and_let_in_again(anybody: None, data_dir: Path) -> None:
    async def sign_in(place: Place) -> int:
        return (await place.browser().sign_in(OTTO)).status

    assert user("disable", "otto@example.com").exit_code == 0
    assert visit(data_dir, sign_in) == 401
    assert "disabled" in user("list").stdout
    assert user("disable", "otto@example.com", "--undo").exit_code == 0
    assert visit(data_dir, sign_in) == 200


def test_the_owner_is_not_shut_out(anybody: None) -> None:
    assert user("disable", MARIA["email"]).exit_code == 1


def test_somebody_unknown_is_one_line(anybody: None) -> None:
    refused = user("key", "nobody@example.com")

    assert (refused.exit_code, refused.stderr.strip()) == (1, "There is no such user.")
