"""What is sealed opens under the same key, for the same purpose, and not otherwise."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from famulus.infra.sealing import SealBroken, Sealer, kept_key

SEALER = Sealer(lambda: b"a" * 32)


@given(st.text(max_size=300))
def test_what_is_sealed_opens_again_and_looks_like_nothing(text: str) -> None:
    sealed = SEALER.seal(text, about="cal_1")

    assert SEALER.open(sealed, about="cal_1") == text
    assert SEALER.seal(text, about="cal_1") != sealed


@pytest.mark.parametrize("change", ["key", "about", "bit", "short", "empty", "nonsense"])
def test_whatever_is_changed_it_does_not_open(change: str) -> None:
    sealed = SEALER.seal("geheim", about="cal_1")
    changed = {"bit": sealed[:30] + ("A" if sealed[30] != "A" else "B") + sealed[31:], "short": sealed[:40]}
    opener = Sealer(lambda: b"b" * 32) if change == "key" else SEALER
    given_text = changed.get(change, {"empty": "", "nonsense": "ü!"}.get(change, sealed))

    with pytest.raises(SealBroken):
        opener.open(given_text, about="cal_2" if change == "about" else "cal_1")


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "calendars.key"

    first = kept_key(path)

    assert kept_key(path) == first
    assert len(first) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["calendars.key"]
