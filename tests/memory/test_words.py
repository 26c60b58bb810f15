"""Words as the index has them."""

import pytest

from famulus.memory.words import named_in, speaker_of, spoken, term_of, terms_of, weights_of, words_of


@pytest.mark.parametrize(
    "forms",
    [
        ("hike", "hikes", "hiking", "hiked"), ("city", "cities"), ("stop", "stopped", "stopping"), ("box", "boxes"),
        ("bake", "baking", "baked"), ("carry", "carries", "carried"), ("quick", "quickly"), ("call", "calling"),
    ],
)  # fmt: skip
def test_forms_of_a_word_are_one(forms: tuple[str, ...]) -> None:
    assert len({term_of(form) for form in forms}) == 1


@pytest.mark.parametrize("word", ["bus", "bed", "glass", "4711", "naïve", "is", "ring", "thing"])
def test_what_has_no_ending_keeps_its_end(word: str) -> None:
    assert term_of(word) in (word, word.rstrip("e"))


def test_accents_and_case_do_not_matter() -> None:
    assert terms_of("Zürich, ZURICH; Straße strasse") == {"zurich": 2, "strass": 2}


def test_writing_without_spaces_has_words_of_two_signs() -> None:
    assert set(terms_of("東京に行く")) == {"東京", "京に", "に行", "行く"}


def test_what_every_sentence_says_is_looked_for_only_if_nothing_else_is() -> None:
    assert words_of("Where is my tea?") == ["tea"]
    assert words_of("Where is it?") == ["where", "is", "it"]


def test_a_word_is_less_of_a_longer_text() -> None:
    assert weights_of("Tea.")["tea"] > weights_of("Tea and bread, butter, jam, honey, eggs, cheese.")["tea"]


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Nora: Hello.", "Nora"), ("Anna Berg: Yes.", "Anna Berg"), ("Note: buy milk", None), ("https://x", None),
        ("at 10: nothing", None), ("I said: no", None), ("Élodie: oui", "Élodie"), (":", None), ("", None),
    ],
)  # fmt: skip
def test_who_is_named_before_a_colon(text: str, speaker: str | None) -> None:
    assert speaker_of(text) == speaker


def test_a_name_is_taken_off_what_was_said() -> None:
    assert spoken("Nora: Hello.", "Nora") == "Hello."
    assert spoken("Nora: Hello.", None) == spoken("Nora: Hello.", "Ivan") == "Nora: Hello."


def test_names_of_those_who_talk_are_not_looked_for() -> None:
    assert named_in("What does Nora like?", ["Nora", "Ivan"]) == (["like"], {"nora"})
    assert named_in("Nora?", ["Nora"]) == (["nora"], {"nora"})
