"""Baselines: each fits a data set's images, or says which of its layers does not."""

import pytest

from remap_core.errors import InvalidArchitecture, NotFound
from remap_core.space.architecture import Architecture
from remap_core.space.baselines.named_baselines import BASELINES, baseline_name, find_baseline
from remap_core.space.layers import Residual
from remap_core.space.text import parse_layers


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32)])
def test_every_baseline_fits_or_says_why_not(name, shape):
    try:
        fitted = BASELINES[name].fitted(shape, 10)
    except InvalidArchitecture as error:
        assert shape == (1, 8, 8)
        assert str(error).startswith(f"{name} does not fit images of 1 x 8 x 8: layer ")
    else:
        assert (fitted.input_shape, fitted.classes) == (shape, 10)
        assert baseline_name(fitted) == name


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("LeNet-5", 61_706), ("REMAP-1", 412_842), ("REMAP-2", 16_650), ("REMAP-3", 1_610)],
)
def test_on_28_by_28_they_have_the_published_numbers_of_parameters(name, parameters):
    assert BASELINES[name].fitted((1, 28, 28), 10).parameters == parameters


def test_resnet_20_has_its_nine_blocks_and_272_thousand_parameters():
    fitted = BASELINES["ResNet-20"].fitted((3, 32, 32), 10)
    assert [layer.filters for layer in fitted.layers if isinstance(layer, Residual)] == [16] * 3 + [32] * 3 + [64] * 3
    assert fitted.output_shapes[-2] == (64, 8, 8)
    assert round(fitted.parameters, -4) == 270_000


def test_lenet_on_32_by_32_is_as_published_and_on_28_by_28_padded_to_that():
    large = BASELINES["LeNet-5"].fitted((1, 32, 32), 10)
    small = BASELINES["LeNet-5"].fitted((1, 28, 28), 10)
    assert large.output_shapes == small.output_shapes
    assert large.output_shapes[0] == (6, 28, 28)


def test_another_architecture_is_no_baseline():
    assert baseline_name(Architecture((1, 8, 8), 10, parse_layers("ReLU"))) == ""


def test_a_baseline_is_found_in_whatever_case_and_another_name_lists_all():
    assert find_baseline("lenet-5") is BASELINES["LeNet-5"]
    with pytest.raises(NotFound, match=r"There is no baseline 'VGG': it must be one of LeNet-5, ResNet-20, REMAP-1"):
        find_baseline("VGG")
