import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.errors import InvalidAnnotation
from remap_core.trials.annotations import Annotation


def test_a_note_is_stored_as_it_was_typed():
    note = '<b>bold</b> & "quoted"\n* no list 🧩'
    assert Annotation.typed(f"  {note}\n", "").note == note


def test_tags_are_separated_by_commas_and_duplicates_are_dropped():
    assert Annotation.typed("", " small, no  pooling,, small ,🧩").tags == ("small", "no pooling", "🧩")


@pytest.mark.parametrize(
    ("note", "tags", "sentence"),
    [
        ("x" * 10_001, "", "A note has at most 10,000 characters, but this one has 10,001."),
        ("", "x" * 41, "A tag has at most 40 characters"),
        ("", ",".join(map(str, range(21))), "A model has at most 20 tags, but got 21."),
        (
            "half a smile \ud83d",
            "",
            "Text must not contain half a character (a lone surrogate), but character 14 is one.",
        ),
        ("", "\ud83d", "Text must not contain half a character"),
        ("a\0b", "", "Text must not contain a NUL character, but character 2 is one."),
    ],
)
def test_text_that_cannot_be_stored_is_refused_in_a_sentence(note, tags, sentence):
    with pytest.raises(InvalidAnnotation) as refused:
        Annotation.typed(note, tags)
    assert str(refused.value).startswith(sentence)


def test_the_longest_note_is_accepted():
    assert len(Annotation("x" * 10_000).note) == 10_000


@given(st.text(max_size=200), st.text(max_size=100))
def test_whatever_is_typed_is_an_annotation_or_refused_in_a_sentence(note, tags):
    try:
        annotation = Annotation.typed(note, tags)
    except InvalidAnnotation as error:
        assert "\n" not in str(error)
        return
    assert Annotation.typed(annotation.note, ", ".join(annotation.tags)) == annotation
