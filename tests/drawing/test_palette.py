"""The palette, measured with independent colour science: sRGB, CIE Lab (D65), WCAG contrast, Machado et al. 2009."""

import re
import tomllib
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from remap_core.drawing import palette
from remap_core.space.layers import KINDS

WHITE, STREAMLIT_DARK = "#ffffff", "#0e1117"
PAGES = (WHITE, STREAMLIT_DARK)
CHIPS = {kind: palette.chip_appearance(kind) for kind in palette.chip_kinds()}
CHIP_COLOURS = [chip.colour for chip in CHIPS.values() if not chip.barred]  # a barred one shares its colour
THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
RGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
D65 = np.array([0.9505, 1.0, 1.089])


def linear(colour):
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(colour, vision="normal"):
    ratio = RGB_TO_XYZ @ np.clip(VISION[vision] @ linear(colour), 0, 1) / D65
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one, other, vision):
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


def contrast(one, other):
    low, high = sorted(float(RGB_TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def mixed(colour, ground, share):
    """A colour of which only a share covers the ground."""
    parts = [round(share * int(colour[i : i + 2], 16) + (1 - share) * int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in parts)


def test_the_measures_know_black_and_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert lab("#ffffff") == pytest.approx([100, 0, 0], abs=0.02)
    assert distance("#ff0000", "#008000", "deuteranopia") < distance("#ff0000", "#008000", "normal") / 2


@pytest.mark.parametrize("vision", VISION)
def test_chips_of_different_kinds_stay_apart_in_every_vision(vision):
    pairs = combinations(CHIP_COLOURS, 2)
    assert min(distance(one, other, vision) for one, other in pairs) >= 22


def test_chips_that_share_a_colour_differ_by_a_bar_which_stands_out():
    looks = [(chip.colour, chip.barred) for chip in CHIPS.values()]
    assert len(set(looks)) == len(looks)
    for kind, chip in CHIPS.items():
        if chip.barred:
            assert chip.colour in CHIP_COLOURS
            assert contrast(palette.chip_ink(kind), chip.colour) >= 4.5


@pytest.mark.parametrize("vision", VISION)
def test_the_selection_is_none_of_the_chips_and_not_the_front(vision):
    others = [*CHIP_COLOURS, palette.FRONT, palette.OUTLINE]
    assert min(distance(palette.SELECTION, other, vision) for other in others) >= 15


@pytest.mark.parametrize("vision", VISION)
def test_the_marks_of_the_map_differ_from_one_another_in_every_vision(vision):
    marks = (palette.FRONT, palette.SELECTION, palette.UNFINISHED, palette.OUTLINE)
    assert min(distance(one, other, vision) for one, other in combinations(marks, 2)) >= 20


@pytest.mark.parametrize("vision", VISION)
def test_front_and_selection_stand_out_from_circles_of_every_accuracy(vision):
    steps = [colour for _, colour in palette.ACCURACY_SCALE]
    between = [mixed(one, other, 0.5) for one, other in pairwise(steps)]
    marks = (palette.FRONT, palette.SELECTION)
    assert min(distance(mark, circle, vision) for mark in marks for circle in (*steps, *between)) >= 30


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("scale", [palette.ACCURACY_SCALE, palette.ERROR_SCALE])
def test_steps_of_a_scale_can_be_told_apart_in_every_vision(scale, vision):
    colours = [colour for _, colour in scale]
    assert min(distance(one, other, vision) for one, other in pairwise(colours)) >= 15


@pytest.mark.parametrize("page", PAGES)
def test_every_circle_has_an_edge_or_a_colour_that_stands_out_from_its_page(page):
    for _, colour in palette.ACCURACY_SCALE:
        assert max(contrast(colour, page), contrast(palette.OUTLINE, page)) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accent_and_captions_of_a_theme_can_be_read_on_its_grounds(theme):
    colours = THEME[theme]
    ink = {"light": palette.LIGHT_INK, "dark": palette.DARK_INK}[theme]  # of the main buttons, by frame.css
    assert contrast(ink, colours["primaryColor"]) >= 4.5
    for ground in (colours["backgroundColor"], colours["secondaryBackgroundColor"]):
        assert contrast(colours["primaryColor"], mixed(colours["primaryColor"], ground, 0.1)) >= 4.5
        assert contrast(mixed(colours["textColor"], ground, 0.6), ground) >= 4.5


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(
    "pair",
    [
        palette.SERIES,
        (palette.BETTER, palette.WORSE),
        (palette.ACCURACY_SCALE[-1][1], palette.ERROR_SCALE[-1][1]),
        (palette.ACCURACY_SCALE[2][1], palette.ERROR_SCALE[1][1]),
    ],
)
def test_pairs_that_differ_in_colour_alone_are_far_apart(pair, vision):
    assert distance(*pair, vision) >= 30


@pytest.mark.parametrize("kind", CHIPS)
def test_symbols_can_be_read_on_their_chip(kind):
    assert contrast(palette.chip_ink(kind), CHIPS[kind].colour) >= 4.5


@pytest.mark.parametrize("ground", [*PAGES, palette.LABEL_GROUND])
def test_chips_stand_out_from_light_and_dark_pages_and_from_the_hover_label(ground):
    assert min(contrast(colour, ground) for colour in CHIP_COLOURS) >= 1.6


@pytest.mark.parametrize("page", PAGES)
def test_lines_and_rings_stand_out_from_light_and_dark_pages(page):
    lines = (palette.OUTLINE, palette.SELECTION, palette.FRONT, *palette.SERIES)
    assert min(contrast(colour, page) for colour in lines) >= 2.9


@pytest.mark.parametrize("page", PAGES)
def test_coloured_text_can_be_read_on_light_and_dark_pages(page):
    texts = (palette.BETTER, palette.WORSE, palette.WITHIN_NOISE, palette.QUIET_TEXT)
    assert min(contrast(colour, page) for colour in texts) >= 3.9


def test_dots_of_a_dropout_can_be_seen_on_it():
    assert contrast(CHIPS["dropout"].border, CHIPS["dropout"].colour) >= 3


def test_the_hover_label_can_be_read():
    assert contrast(palette.LABEL_TEXT, palette.LABEL_GROUND) >= 7


@pytest.mark.parametrize("scale", [palette.ACCURACY_SCALE, palette.ERROR_SCALE])
def test_darker_means_more_all_along_a_scale(scale):
    positions = [position for position, _ in scale]
    lightness = [lab(colour)[0] for _, colour in scale]
    assert positions == sorted(positions)
    assert (positions[0], positions[-1]) == (0, 1)
    assert np.diff(lightness).max() < -10
    assert contrast(scale[-1][1], STREAMLIT_DARK) >= 1.6


def test_every_layer_kind_and_the_head_have_a_colour_and_a_border():
    assert set(CHIPS) == {*KINDS, palette.HEAD}
    for chip in CHIPS.values():
        assert re.fullmatch("#[0-9a-f]{6}", chip.colour)
        assert re.fullmatch("#[0-9a-f]{6}", chip.border)
