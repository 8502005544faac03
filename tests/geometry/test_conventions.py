from dataclasses import dataclass
from math import inf, sqrt
from typing import ClassVar

import pytest
from hypothesis import given
from strategies import blocks, convs, layers

from remap_core.errors import InvalidDistances
from remap_core.geometry.otmann.conventions import CONVENTIONS, DEFAULT, NASBOT, REMAP_2019, Label
from remap_core.geometry.otmann.distances import distances
from remap_core.geometry.otmann.nodes import nodes_of
from remap_core.space.architecture import Architecture
from remap_core.space.layers import (
    FUNCTIONS,
    KINDS,
    Activation,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    InvertedResidual,
    Layer,
    Mass,
    MaxPool2d,
    Residual,
    SeparableConv2d,
    Shape,
)
from remap_core.space.text import parse_layers


@dataclass(frozen=True)
class Upsample2d(Layer):
    kind: ClassVar[str] = "upsample2d"

    def output_shape(self, shape: Shape) -> Shape:
        return shape


def architecture(text, classes=10):
    return Architecture((1, 28, 28), classes, parse_layers(text))


def test_in_the_default_convention_every_layer_kind_is_a_node():
    assert all(DEFAULT.rule(kind) is not None for kind in KINDS.values())


def test_a_layer_kind_without_a_rule_is_refused_by_name():
    with pytest.raises(InvalidDistances, match="Convention default has no rule for Upsample2d layers"):
        nodes_of(Architecture((1, 28, 28), 10, (Upsample2d(),)), DEFAULT)


def test_anything_but_an_architecture_is_refused():
    with pytest.raises(InvalidDistances, match="between architectures, but got str"):
        nodes_of("Conv 16x3", DEFAULT)


@given(layers, layers)
def test_mismatch_is_symmetric_non_negative_and_zero_on_itself(one, other):
    for convention in CONVENTIONS.values():
        rules = convention.rule(type(one)), convention.rule(type(other))
        if None not in rules:
            left, right = Label.of(one, rules[0]), Label.of(other, rules[1])
            assert convention.mismatch(left, left) == 0
            assert convention.mismatch(left, right) == convention.mismatch(right, left) >= 0


@given(*[convs | blocks] * 3)
def test_mismatches_of_convolutions_and_blocks_obey_the_triangle_inequality(one, other, third):
    for convention in CONVENTIONS.values():
        a, b, c = (Label.of(layer, convention.rule(type(layer))) for layer in (one, other, third))
        detour = convention.mismatch(a, b) + convention.mismatch(b, c)
        assert convention.mismatch(a, c) <= detour + 1e-12


@pytest.mark.parametrize(
    ("one", "other", "cost"),
    [
        (Label("conv", "", 1), Label("conv", "", 5), 0.3),
        (Label("conv", "", 3), Label("conv", "", 7), inf),
        (Label("pool", "", 2), Label("pool", "", 3), 0.2),
        (Label("activation", "", "tanh"), Label("activation", "", "sigmoid"), 0.1),
        (Label("conv", "", 3), Label("pool", "", 3), inf),
    ],
)
def test_the_published_table_of_2019(one, other, cost):
    assert REMAP_2019.mismatch(one, other) == cost


def test_nasbot_compares_any_two_kernel_sizes():
    assert NASBOT.mismatch(Label("conv", "conv", 3), Label("conv", "conv", 7)) == pytest.approx(sqrt(2) / 10 * 2)


def test_masses_are_channels_in_times_out_and_a_tenth_of_them_frames_the_chain():
    nodes = nodes_of(architecture("Conv 64x3, ReLU, MaxPool 2, Dense 128, Dropout 0.5"), REMAP_2019)
    assert [(node.label.family, node.mass) for node in nodes[1:-2]] == [
        ("conv", 64),
        ("activation", 64 * 64),
        ("pool", 64),
        ("fc", 64 * 128),
        ("dropout", 128 * 128),
        ("fc", 1280),
    ]
    assert [nodes[index].mass for index in (0, -2, -1)] == [pytest.approx(0.1 * 30_080)] * 3
    assert {node.mass for node in nodes_of(architecture(""), REMAP_2019) if node.layer is None} == {100}


def test_nasbot_has_no_node_for_activations_and_dropout():
    assert [node.layer for node in nodes_of(architecture("ReLU, Conv 16x3, Dropout 0.5"), NASBOT)] == [
        None,
        1,
        3,
        None,
        None,
    ]


def test_by_default_activations_and_dropout_weigh_little():
    nodes = nodes_of(architecture("Conv 64x3, ReLU, Dropout 0.5"), DEFAULT)
    assert [node.mass for node in nodes[1:4]] == [64, 64, 64]
    assert {DEFAULT.rule(kind).mass for kind in (Activation, Dropout, MaxPool2d)} == {Mass.IN}


def test_a_separable_convolution_is_a_tenth_further_from_a_convolution_than_its_kernel_size_says():
    conv, far, separable, norm = (
        Architecture((1, 28, 28), 10, (layer, Conv2d(3, 16), Dense(16)))
        for layer in (Conv2d(3, 1), Conv2d(9, 1), SeparableConv2d(3, 1), BatchNorm())
    )
    found = distances([conv, far, separable, norm], DEFAULT, normalised=False)
    assert found[0, 2] == pytest.approx(0.1)  # one unit of mass, 0.1 further
    assert found[0, 1] == pytest.approx(sqrt(2) / 10 * sqrt(6))
    assert found[2, 3] > 2  # not matched at all, and the chain has one convolution less
    labels = [Label.of(layer, REMAP_2019.rule(type(layer))) for layer in (Conv2d(1, 8), SeparableConv2d(5, 8))]
    assert REMAP_2019.mismatch(*labels) == pytest.approx(0.3 + 0.1)


def test_nasbot_has_no_node_for_a_batch_norm():
    assert NASBOT.rule(BatchNorm) is None


@pytest.mark.parametrize("convention", [REMAP_2019, DEFAULT], ids=lambda convention: convention.name)
def test_any_two_activations_can_be_matched(convention):
    rule = convention.rule(Activation)
    labels = [Label.of(Activation(function), rule) for function in FUNCTIONS]
    assert max(convention.mismatch(one, other) for one in labels for other in labels) == 0.25


LIKE_A_CONVOLUTION = (Conv2d(3, 8), SeparableConv2d(3, 8), Residual(8), InvertedResidual(8))


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
def test_names_differ_by_a_tenth_for_being_separable_and_for_having_a_shortcut(convention):
    labels = [Label.of(layer, convention.rule(type(layer))) for layer in LIKE_A_CONVOLUTION]
    found = [[convention.mismatch(one, other) for other in labels] for one in labels]
    assert found == [
        [0, 0.1, 0.1, 0.2],
        [0.1, 0, 0.2, 0.1],
        [0.1, 0.2, 0, 0.1],
        [0.2, 0.1, 0.1, 0],
    ]


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
def test_a_blocks_mass_is_that_of_the_convolutions_inside_and_it_counts_as_one_convolution(convention):
    text = "Conv 16x1, Residual 16, Residual 32 stride 2, MBConv 24x5 expand 1, MBConv 40x3 expand 4 se"
    nodes = [node for node in nodes_of(architecture(text), convention) if node.label.family == "conv"]
    assert [node.mass for node in nodes] == [
        16,
        16 * 16 + 16 * 16,
        16 * 32 + 32 * 32,
        32 * 24,
        24 * 96 + 96 * 40,
    ]
    assert {node.group for node in nodes} == {"conv"}
    assert [node.label.value for node in nodes] == [1, 3, 3, 5, 3]


def test_a_residual_block_takes_the_mass_of_two_convolutions():
    chains = [architecture(text) for text in ("Conv 16x3, Residual 16", "Conv 16x3, Conv 16x3 same, Conv 16x3 same")]
    masses = [sum(node.mass for node in nodes_of(chain, DEFAULT)) for chain in chains]
    assert masses[0] == masses[1]
    without_places = distances(chains, DEFAULT, nu=0.0, normalised=False)[0, 1]
    assert without_places == pytest.approx(0.1 * 512)  # all of it is matched, at the cost of its name
