"""Answers as HTML, and what speaks for them in colour."""

import numpy as np
import pytest

from remap_core.drawing.answer_html import Figure, bars_html, figures_html
from remap_core.drawing.occlusion_overlay import enlarged, occlusion_overlay

IMAGE = np.full((8, 6, 1), 128, np.uint8)


def test_the_overlay_is_orange_where_hiding_costs_and_blue_where_it_adds():
    drops = np.zeros((8, 6))
    drops[:3], drops[5:] = 0.5, -0.5
    pixels = occlusion_overlay(IMAGE, drops).astype(int)
    top, middle, bottom = pixels[10, 70], pixels[len(pixels) // 2, 70], pixels[-10, 70]
    assert top[0] > top[2] + 100
    assert bottom[2] > bottom[0] + 100
    assert np.ptp(middle) < 10


def test_changes_that_are_noise_have_little_colour():
    strong = occlusion_overlay(IMAGE, np.full((8, 6), 0.5))[0, 0].astype(int)
    weak = occlusion_overlay(IMAGE, np.full((8, 6), 0.002))[0, 0].astype(int)
    assert np.ptp(weak) < 0.1 * np.ptp(strong)
    assert occlusion_overlay(IMAGE, np.zeros((8, 6))).shape == (192, 144, 3)


@pytest.mark.parametrize(("side", "shown"), [(8, 192), (28, 196), (196, 196), (224, 224), (1, 196)])
def test_small_images_are_enlarged_by_a_whole_factor(side, shown):
    assert enlarged(np.zeros((side, side, 3), np.uint8)).shape == (shown, shown, 3)


def test_the_most_probable_classes_have_a_bar_and_the_others_a_line():
    html = bars_html([0.05, 0.5, 0.2, 0.1, 0.08, 0.04, 0.03], "abcdefg")
    assert [html.index(f">{name}<") for name in "bcdea"] == sorted(html.index(f">{name}<") for name in "bcdea")
    assert "50.0 %" in html
    assert "2 other classes: 7.0 %" in html
    assert "other classes" not in bars_html([0.5, 0.5], "ab")


def test_class_names_and_captions_never_become_tags():
    evil = "<img src=x onerror='alert(1)'>"
    html = bars_html([1.0], [evil]) + figures_html([Figure(IMAGE, evil)])
    assert "<img src=x" not in html
    assert html.count("&lt;img src=x onerror=&#x27;alert(1)&#x27;&gt;") == 4
