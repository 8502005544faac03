from xml.etree import ElementTree

import pytest
from catalogues import architecture
from hypothesis import given
from strategies import architectures

from remap_core.drawing.palette import HEAD, chip_appearance
from remap_core.drawing.snac.difference import counts_sentence, difference_alt, difference_svg

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("#3", "#7")


def parsed(first, second, names=NAMES) -> ElementTree.Element:
    return ElementTree.fromstring(difference_svg(first, second, names))  # noqa: S314 (our own drawing)


def drawn(first: str, second: str) -> ElementTree.Element:
    return parsed(architecture(first), architecture(second))


def rows(root):
    """x of every chip by its fill, one list a row."""
    return [
        [(rect.get("fill"), float(rect.get("x"))) for rect in row.iter(f"{SVG}rect") if rect.get("fill") != "none"]
        for row in root.iter(f"{SVG}g")
        if row.get("transform")
    ]


def signs(root) -> list[str]:
    return [text.text for text in root.findall(f"{SVG}text") if text.text not in NAMES]


def test_partners_are_aligned():
    first, second = rows(drawn("Conv 8x3, ReLU, Dense 4", "Conv 16x3, Dense 4"))
    conv, dense, head = chip_appearance("conv2d").colour, chip_appearance("dense").colour, chip_appearance(HEAD).colour
    assert [fill for fill, _ in second] == [conv, dense, head]
    places = dict(first)
    assert [places[fill] for fill, _ in second] == [x for _, x in second]


def test_what_is_not_kept_has_a_sign_and_a_gap_opposite():
    root = drawn("Conv 8x3, ReLU, Dense 4", "Conv 16x3, Dense 4, Dropout 0.5")
    assert signs(root) == ["≠", "\N{MINUS SIGN}", "+"]
    gaps = [rect for rect in root.findall(f"{SVG}rect") if rect.get("stroke-dasharray")]
    assert len(gaps) == 2


def test_the_same_layers_have_no_sign():
    assert signs(drawn("Conv 8x3, ReLU", "Conv 8x3, ReLU")) == []


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("ReLU", "ReLU", "1 kept"),
        ("Conv 8x3, ReLU, Dense 4", "Conv 16x3, Dense 4, Dropout 0.5", "1 kept, 1 changed, 1 removed, 1 added"),
        ("", "", ""),
    ],
)
def test_changes_are_counted_in_words(first, second, words):
    assert counts_sentence(architecture(first), architecture(second)) == words


def test_names_are_escaped():
    root = parsed(architecture("ReLU"), architecture(""), ("<b>", "&"))
    assert next(text.text for text in root.iter(f"{SVG}text")) == "<b>"


@given(architectures(), architectures())
def test_any_two_models_can_be_drawn_and_described(first, second):
    root = parsed(first, second)
    assert [len(row) for row in rows(root)] == [len(first.layers) + 1, len(second.layers) + 1]
    assert difference_alt(first, second, NAMES).startswith("From #3 to #7: ")
