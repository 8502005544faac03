from remap_core.drawing.charts.layer_contributions import (
    LayerContribution,
    layer_contributions_alt,
    layer_contributions_figure,
)
from remap_core.drawing.palette import BETTER, WITHIN_NOISE, WORSE

CONTRIBUTIONS = [
    LayerContribution(0, "Conv 16x3", 0.2, 160, noise=False),
    LayerContribution(1, "ReLU", 0.004, 0, noise=True),
    LayerContribution(3, "MaxPool 2", -0.05, -900, noise=None),
]


def test_each_layer_is_a_bar_of_the_accuracy_that_is_lost_without_it():
    (bars,) = layer_contributions_figure(CONTRIBUTIONS).data
    assert list(bars.x) == [0, 1, 3]
    assert list(bars.y) == [20.0, 0.4, -5.0]
    assert list(bars.customdata) == [0, 1, 3]


def test_what_is_within_noise_is_grey_and_a_harmful_layer_is_marked():
    (bars,) = layer_contributions_figure(CONTRIBUTIONS).data
    assert list(bars.marker.color) == [BETTER, WITHIN_NOISE, WORSE]


def test_the_text_alternative_says_all_bars():
    assert layer_contributions_alt(CONTRIBUTIONS) == (
        "Conv 16x3 at 1: +20.0 points, 160 parameters fewer without it. "
        "ReLU at 2: +0.4 points (within noise), as many parameters without it. "
        "MaxPool 2 at 4: −5.0 points, 900 parameters more without it."
    )
    assert layer_contributions_alt([]) == "No layer has been ablated yet."
