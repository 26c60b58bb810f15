"""Passwords: which are good enough, and how they are kept."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from pwdlib import PasswordHash

from famulus.features.accounts.errors import WeakPassword

T = TypeVar("T")

MIN_CHARACTERS = 8
MAX_CHARACTERS = 1_000

# Each one takes 64 MiB and a core for its time: more at once would starve those who are signed in.
_AT_ONCE = 2
_FEWEST_DIFFERENT_CHARACTERS = 4
_TRAILING_DECORATION = re.compile(r"[\W\d_]+$")
_LEADING_DECORATION = re.compile(r"^[\W\d_]+")

# What people choose first, without the digits and signs they put around it.
_COMMON = frozenset(
    """
    abcd abcde abcdef abcdefg abcdefgh access account admin administrator amanda andrea angel anthony
    arsenal asdf asdfgh asdfghjk asdfghjkl ashley asshole babygirl bailey banana baseball basketball batman
    blink butterfly buster changeit changeme charlie cheese chelsea chocolate chicken computer cookie
    corvette daniel default diamond dragon einstein elephant facebook famulus ferrari flower football
    forever freedom friends fuckyou gateway george ginger google guest hannah harley hello hottie hunter
    iloveyou internet jackson jasmine jennifer jessica jordan joshua justin killer letmein linkedin
    liverpool login london love lovely maggie manager marina marlboro martin master matrix matthew melissa
    mercedes merlin michael michelle microsoft midnight minecraft monkey monster mustang mypass mypassword
    naruto nicole ninja nothing p@ssw0rd pass passw passwd passwort password passwords patrick peanut pepper
    phoenix pokemon porsche princess purple q1w2e3r4t5y6 qazwsx qazwsxedc qwer qwert qwertz qwerty qwertyu
    qwertyui qwertyuiop rainbow richard robert rockyou root samantha samsung scooter secret server shadow
    silver simple snoopy soccer spiderman starwars steelers stella summer sunshine superman superuser
    swordfish system taylor temp tennis test thomas thunder tigger trustno truelove user vanessa victoria
    warcraft welcome whatever william winter wizard yamaha yankees yellow zaq1xsw2 zxcvbn zxcvbnm 1q2w3e
    1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc a1b2c3d4 1234qwer 123qwe123 123qweasd 12341234 11223344
    123654789 147258369 159357258 13579246 19841984
    """.split()  # noqa: SIM905 -- a text is easier to read than quoted words
)


def refuse_weak(password: str, *, about: tuple[str | None, ...] = ()) -> None:
    """Raise `WeakPassword` unless this may be the password of somebody whose names are `about`."""
    if len(password) < MIN_CHARACTERS:
        raise WeakPassword(f"A password has at least {MIN_CHARACTERS} characters.", min_characters=MIN_CHARACTERS)
    if len(password) > MAX_CHARACTERS:
        raise WeakPassword(f"A password has at most {MAX_CHARACTERS} characters.", max_characters=MAX_CHARACTERS)
    folded = password.casefold()
    plain = _TRAILING_DECORATION.sub("", folded)
    bare = _LEADING_DECORATION.sub("", plain)
    known = {name.casefold() for name in about if name}
    known |= {address.partition("@")[0] for address in known}
    if {folded, plain, bare} & (_COMMON | known) or len(set(folded)) < _FEWEST_DIFFERENT_CHARACTERS or _counts(folded):
        raise WeakPassword("This password is among the first that anybody would guess.")


def _counts(text: str) -> bool:
    """Whether `text` is a row of neighbours, such as 12345678 or hgfedcba."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}


class Passwords:
    """Hashes and verifies, two at a time, in threads of its own."""

    def __init__(self, scheme: PasswordHash | None = None) -> None:
        self._scheme = scheme or PasswordHash.recommended()
        self._threads = ThreadPoolExecutor(_AT_ONCE, "famulus-passwords")

    async def hash(self, password: str) -> str:
        """What to store of a password: Argon2id with a salt of its own."""
        return await self._in_thread(lambda: self._scheme.hash(password))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether this is the password behind `stored`; without one the answer is no, and takes as long."""

        def compare() -> bool:
            # Made for the first comparison of all, whoever it is about.
            nobodys = self._nobodys
            return self._scheme.verify(password, stored or nobodys)

        return await self._in_thread(compare) and stored is not None

    def close(self) -> None:
        """Let the threads go once they are done."""
        self._threads.shutdown(wait=False)

    @cached_property
    def _nobodys(self) -> str:
        """What stands in for the password of somebody who is not there."""
        return self._scheme.hash("nobody has this password")

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
