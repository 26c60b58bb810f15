"""Words and what is left of them without their endings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from famulus.kit.stems import root_of, stem_of


@pytest.mark.parametrize(
    ("forms", "other"),
    [
        (("meet", "meets", "meeting", "meetings"), "met"),
        (("story", "stories"), "store"),
        (("study", "studies", "studied", "studying"), "student"),
        (("make", "makes", "making"), "maker"),
        (("box", "boxes"), "boxer"),
        (("run", "runs", "running"), "runner"),
        (("café",), "cafés"),
    ],
)
def test_forms_of_a_word_share_a_stem(forms: tuple[str, ...], other: str) -> None:
    assert len({stem_of(form) for form in forms}) == 1
    assert stem_of(other) != stem_of(forms[0])


@given(
    st.text("aeiouybcdfsnlxh", min_size=1, max_size=8),
    st.sampled_from(["", "s", "es", "ies", "ied", "ed", "ing", "ly", "y"]),
)
def test_a_word_begins_with_the_root_of_its_stem(beginning: str, ending: str) -> None:
    word = beginning + ending

    assert word.startswith(root_of(stem_of(word)))
