"""Which passwords are good enough, how they are kept, and how often anything may be tried."""

import asyncio
import threading

import pytest
from pwdlib import PasswordHash

from famulus.features.accounts.errors import WeakPassword
from famulus.features.accounts.passwords import Passwords, refuse_weak
from famulus.kit.limits import SlidingLimit
from tests.features.accounts.place import CountingScheme, FrozenClock

MARIA = ("maria@example.com", "Maria Curie")


@pytest.mark.parametrize(
    "password",
    [
        "", "1234567", "x" * 1_001, "password", "Password1!", "P@ssw0rd2026", "12345678",
        "987654321", "abcdefgh", "aaaaaaaa", "abababab", "qwertyuiop", "123qwerty!", "letmein2024",
        "iloveyou", "maria@example.com", "Maria1990", "maria curie", "famulus!", "changeme", "11223344",
    ],
)  # fmt: skip
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        refuse_weak(password, about=MARIA)


@pytest.mark.parametrize(
    "password",
    [
        "seven green bicycles",
        "8374619205",
        "Ünïcødé!",
        "пароль-не-для-всех",
        "x7" * 3 + "Q!",
        "y" * 990 + "abcdefghij",
    ],
)
def test_others_are_not(password: str) -> None:
    refuse_weak(password, about=MARIA)


@pytest.mark.anyio
async def test_a_password_is_kept_as_argon2id_with_enough_memory() -> None:
    passwords = Passwords()

    kept = await passwords.hash("seven green bicycles")

    assert kept.startswith("$argon2id$v=19$m=65536,t=3,")
    assert await passwords.verify("seven green bicycles", kept)
    assert not await passwords.verify("seven green bicycle", kept)
    passwords.close()


@pytest.mark.anyio
async def test_no_password_is_right_for_nobody() -> None:
    passwords = Passwords(CountingScheme())

    assert not await passwords.verify("nobody has this password", None)
    passwords.close()


@pytest.mark.anyio
async def test_two_are_hashed_at_once_and_the_loop_goes_on() -> None:
    both_are_in, at_once, most = threading.Barrier(2), 0, 0

    class Watched(PasswordHash):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:  # noqa: ARG002
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            both_are_in.wait(timeout=10)
            at_once -= 1
            return f"hash of {password!r}"

    passwords = Passwords(Watched(CountingScheme().hashers))

    await asyncio.gather(*(passwords.hash(str(n)) for n in range(6)))

    assert most == 2
    passwords.close()


def test_a_limit_slides() -> None:
    clock = FrozenClock()
    limit = SlidingLimit(2, now=clock)

    waits = [limit.hit("maria")]
    clock.advance(seconds=30)
    waits += [limit.hit("maria"), limit.hit("maria"), limit.hit("otto")]
    clock.advance(seconds=30)
    waits += [limit.hit("maria"), limit.hit("maria")]

    assert waits == [0, 0, 30, 0, 0, 30]


def test_a_limit_remembers_no_more_than_it_needs() -> None:
    clock = FrozenClock()
    limit = SlidingLimit(1, now=clock)
    for n in range(10_000):
        limit.hit(str(n))

    clock.advance(minutes=1)
    limit.hit("maria")

    assert len(limit._attempts) == 1
