"""Text that comes in can be stored, and text that is shortened fits."""

from hypothesis import given
from hypothesis import strategies as st

from famulus.kit.text import shortened, storable

ANY_TEXT = st.text(alphabet=st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_storable_text_can_be_encoded_and_has_no_nul(text: str) -> None:
    stored = storable(text)

    stored.encode()
    assert "\x00" not in stored
    assert len(stored) == len(text)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert storable(text) == text


@given(st.text(), st.integers(1, 50))
def test_shortened_text_fits(text: str, limit: int) -> None:
    short = shortened(text, limit)

    assert len(short) <= limit
    assert short == text or short.endswith("…")
