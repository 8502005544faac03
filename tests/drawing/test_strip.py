import re

import pytest

from remap_core.drawing.palette import chip_appearance
from remap_core.drawing.snac.strip import STRIP_BLOCKS, strip_html
from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers


def test_a_strip_has_one_block_a_layer_and_one_for_the_head():
    strip = strip_html("Conv 32x3, Conv 16x1, ReLU, Dense 64")
    colours = re.findall(r"color:(#\w{6})'>(▮+)<", strip)
    kinds = [("conv2d", 2), ("activation", 1), ("dense", 1), ("head", 1)]
    assert colours == [(chip_appearance(kind).colour, "▮" * n) for kind, n in kinds]


def test_a_strip_of_an_architecture_is_the_strip_of_its_text():
    architecture = Architecture((1, 8, 8), 10, parse_layers("Conv 32x3, ReLU, Dropout 0.5, Dense 64"))
    assert strip_html(architecture) == strip_html("Conv 32x3, ReLU, Dropout 0.5, Dense 64")


def test_the_longest_strip_stays_below_a_kilobyte_and_counts_the_others():
    strip = strip_html(", ".join(["ReLU", "Tanh", "Dropout 0.5"] * 20))
    assert strip.count("▮") == STRIP_BLOCKS
    assert strip.endswith(f" +{61 - STRIP_BLOCKS}")
    assert len(strip_html(", ".join(["ReLU", "Dropout 0.5"] * 20)).encode()) < 1024


def test_a_text_without_layers_gets_no_strip():
    with pytest.raises(InvalidArchitecture, match="not a layer"):
        strip_html("<b>Conv</b>")


def test_the_strip_of_no_layers_is_the_head():
    assert strip_html("") == f"<span style='color:{chip_appearance('head').colour}'>▮</span>"


def test_a_layer_that_shares_its_colour_has_a_hollow_block():
    colour = chip_appearance("conv2d").colour
    strip = strip_html("Conv 16x3, Residual 16")
    assert strip.startswith(f"<span style='color:{colour}'>▮</span><span style='color:{colour}'>▯</span>")
