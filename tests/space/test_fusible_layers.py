import pytest
from hypothesis import given
from strategies import architectures

from remap_core.space.architecture import Architecture
from remap_core.space.execution_plan import smallest_equivalent
from remap_core.space.text import layers_text, parse_layers


@pytest.mark.parametrize(
    ("layers", "fused"),
    [
        ("Conv 64x3, Conv 16x3, ReLU, Dense 64", "Conv 16x5, ReLU"),
        ("ReLU, Dropout 0.375, AvgPool 5, Conv 128x3", "ReLU, Dropout 0.375, AvgPool 5"),
        ("Conv 64x1, AvgPool 2, Conv 16x1, Tanh", "Conv 16x2 stride 2, Tanh"),
        ("Tanh, Dense 64, Dense 32, Sigmoid", "Tanh, Dense 32, Sigmoid"),
        ("Dense 64, Dense 32", ""),
        ("Conv 4x3, Conv 16x3, ReLU", "Conv 4x3, Conv 16x3, ReLU"),  # one Conv 16x5 has more weights
        ("Conv 64x3, Dropout 0.5, Conv 16x3, ReLU", "Conv 64x3, Dropout 0.5, Conv 16x3, ReLU"),
    ],
)
def test_linear_layers_are_fused_where_one_layer_has_fewer_parameters(layers, fused):
    architecture = Architecture((3, 28, 28), 10, parse_layers(layers))
    assert layers_text(smallest_equivalent(architecture).fused.layers) == fused


@given(architectures())
def test_a_fused_architecture_has_fewer_parameters_and_nothing_left_to_fuse(architecture):
    fused = smallest_equivalent(architecture).fused
    assert fused == architecture or fused.parameters < architecture.parameters
    assert smallest_equivalent(fused).fused == fused
