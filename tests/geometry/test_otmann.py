import json
from pathlib import Path

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import architectures

from remap_core.errors import InvalidDistances
from remap_core.geometry.otmann import pairs
from remap_core.geometry.otmann.conventions import CONVENTIONS, DEFAULT, NASBOT, REMAP_2019
from remap_core.geometry.otmann.distances import OtmannIndex, distances, distances_to
from remap_core.geometry.otmann.nodes import nodes_of
from remap_core.geometry.otmann.reference import reference_distances
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Activation, AvgPool2d, Conv2d, Dense, Dropout, MaxPool2d
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import REMAP_2019 as SPACE
from remap_core.space.text import parse_layers

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "otmann_samples.json").read_text())
every_convention = pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=lambda each: each.name)
populations = st.lists(architectures(), max_size=6)
weights = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0])


def architecture(text, classes=10, shape=(1, 28, 28)):
    return Architecture(shape, classes, parse_layers(text))


def sampled(n, seed=0):
    return sample_architectures(SPACE, (1, 28, 28), 10, n, np.random.default_rng(seed), max_parameters=1_000_000)


def published(network):
    """A network of the published sample: its last dense layer is the head; neither convention counts batch norm."""
    make = {
        "conv": lambda layer: Conv2d(layer["kernel"], layer["filters"], layer["stride"]),
        "maxpool": lambda layer: MaxPool2d(layer["size"]),
        "avgpool": lambda layer: AvgPool2d(layer["size"]),
        "dense": lambda layer: Dense(layer["units"]),
        "activation": lambda layer: Activation(layer["fn"]),
        "dropout": lambda layer: Dropout(layer["rate"]),
    }
    *body, head, softmax = network
    assert softmax == {"type": "softmax"}
    layers = tuple(make[layer["type"]](layer) for layer in body if layer["type"] != "batchnorm")
    return Architecture((1, 4096, 4096), head["units"], layers)


def position(nodes, index):
    """Steps from the input and to the output, and for each group the number of its nodes up to and from here."""
    counts = [
        sum(node.group == group for node in part)
        for group in ("conv", "pool", "fc")
        for part in (nodes[: index + 1], nodes[index:])
    ]
    return np.array([index, len(nodes) - 1 - index, *counts])


def by_network_simplex(one, other, convention, nu):
    """d by its definition and POT: a dummy node on either side takes unassigned mass."""
    left, right = nodes_of(one, convention), nodes_of(other, convention)
    cost = np.ones((len(left) + 1, len(right) + 1))
    cost[-1, -1] = 0
    for i, node in enumerate(left):
        for j, partner in enumerate(right):
            structural = np.abs(position(left, i) - position(right, j)).sum() / 8
            cost[i, j] = min(3.0, convention.mismatch(node.label, partner.label) + nu * structural)
    supply, demand = [node.mass for node in left], [node.mass for node in right]
    return ot.emd2(np.array([*supply, sum(demand)]), np.array([*demand, sum(supply)]), cost), sum(supply) + sum(demand)


def test_remap_2019_gives_the_published_figures():
    networks = [published(network) for network in GOLDEN["remap"]["networks"]]
    for key, normalised in (("d", False), ("dbar", True)):
        found = distances(networks, REMAP_2019, nu=1.0, normalised=normalised)
        np.testing.assert_allclose(found, GOLDEN["remap"][key], rtol=1e-9)


@pytest.mark.parametrize("nu", [0.25, 1.5])
def test_nasbot_gives_the_published_figures(nu):
    networks = [published(network) for network in GOLDEN["nasbot"]["networks"]]
    for key, normalised in ((f"d_nu_{nu}", False), (f"dbar_nu_{nu}", True)):
        found = distances(networks, NASBOT, nu=nu, normalised=normalised)
        np.testing.assert_allclose(found, GOLDEN["nasbot"][key], rtol=1e-9)


@every_convention
@given(one=architectures(max_layers=10), other=architectures(max_layers=10), nu=weights)
def test_a_distance_is_the_optimum_of_the_augmented_problem(convention, one, other, nu):
    expected, total = by_network_simplex(one, other, convention, nu)
    found = distances_to([one], [other], convention, nu=nu, normalised=False)
    np.testing.assert_allclose(found, [[expected]], rtol=1e-9, atol=1e-13 * total)
    dbar = distances_to([one], [other], convention, nu=nu, normalised=True)
    np.testing.assert_allclose(dbar, [[expected / total]], rtol=1e-9, atol=1e-13)


@every_convention
def test_distances_of_all_pairs_equal_those_of_single_pairs(convention):
    networks = sampled(24)
    found = distances(networks, convention, normalised=False)
    for i, one in enumerate(networks):
        for j, other in enumerate(networks[:i]):
            expected, _ = by_network_simplex(one, other, convention, convention.nu)
            assert found[i, j] == pytest.approx(expected, rel=1e-9)


@every_convention
@pytest.mark.parametrize(("nu", "normalised"), [(None, None), (0.3, False), (2.0, True)])
def test_reference_distances_are_the_same(convention, nu, normalised):
    networks = [*sampled(12), sampled(1)[0], architecture("")]
    options = {"nu": nu, "normalised": normalised}
    expected = distances(networks, convention, **options)
    np.testing.assert_allclose(reference_distances(networks, convention, **options), expected, rtol=1e-9, atol=1e-12)


@given(populations)
def test_reference_distances_of_any_population_are_the_same(population):
    np.testing.assert_allclose(reference_distances(population), distances(population), rtol=1e-9, atol=1e-12)


def test_reference_distances_refuse_the_same_arguments():
    assert reference_distances([]).shape == (0, 0)
    with pytest.raises(InvalidDistances, match="0 <= nu < infinity must hold, but got nu=-1"):
        reference_distances([], nu=-1)
    with pytest.raises(InvalidDistances, match="Distances are between architectures, but got str"):
        reference_distances(["Dense 16"])


@every_convention
@given(population=populations, nu=weights)
def test_distances_are_symmetric_zero_on_the_diagonal_and_within_their_bounds(convention, population, nu):
    found = distances(population, convention, nu=nu, normalised=True)
    assert found.shape == (len(population),) * 2
    assert found.dtype == np.float64
    assert (found == found.T).all()
    assert not found.diagonal().any()
    assert ((found >= 0) & (found <= 1)).all()


@every_convention
@given(st.tuples(*[architectures(max_layers=5)] * 3), weights)
def test_no_detour_is_shorter_than_the_distance(convention, chains, nu):
    found = distances(chains, convention, nu=nu, normalised=False)
    scale = 1e-9 * found.max()
    assert found[0, 2] <= found[0, 1] + found[1, 2] + scale


def test_a_block_is_nearer_to_a_block_of_another_kernel_than_to_a_pool():
    one, other, pool = (architecture(f"Conv 16x3, {layer}") for layer in ("MBConv 16x3", "MBConv 16x5", "MaxPool 2"))
    near, far = distances([one, other, pool])[0, 1:]
    assert near < far


@given(populations, populations)
def test_distances_of_new_architectures_equal_those_of_all_together(newcomers, others):
    together = distances([*others, *newcomers])
    apart = distances_to(newcomers, others)
    np.testing.assert_allclose(apart, together[len(others) :, : len(others)], rtol=1e-12, atol=1e-13)


@given(populations, st.integers(0, 6))
def test_a_growing_index_equals_one_built_at_once(population, split):
    grown = OtmannIndex(population[:split])
    grown.add(population[split:])
    assert len(grown) == len(population)
    np.testing.assert_allclose(grown.distances(), distances(population), rtol=1e-12, atol=1e-13)


@given(architectures(), architectures())
def test_distances_to_an_index_do_not_change_it(member, newcomer):
    index = OtmannIndex([member])
    before = index.distances_to([member, newcomer])
    assert len(index) == 1
    assert before[0, 0] == 0
    assert (index.distances_to([member, newcomer]) == before).all()


@settings(max_examples=10)
@given(st.sampled_from([1, 5, 40]))
def test_the_block_size_does_not_matter(block):
    networks = sampled(30, seed=1)
    expected = distances(networks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "BLOCK", block)
        found = distances(networks)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (found == found.T).all()


def test_an_added_convolution_costs_the_value_computed_by_hand():
    assert distances([architecture("Conv 16x3"), architecture("")], REMAP_2019)[0, 1] == 243.5


def test_architectures_with_the_same_nodes_have_distance_zero():
    same = [architecture("Dropout 0.125, Dense 16"), architecture("Dropout 0.75, Dense 16"), architecture("Dense 16")]
    found = distances(same, DEFAULT, nu=0.0)
    assert found[0, 1] == 0
    assert found[0, 2] > 0
    assert not distances([same[0]] * 3).any()


def test_the_number_of_classes_matters_but_not_the_size_of_images():
    grey, colour = (architecture("Conv 16x3, Dense 16", shape=shape) for shape in ((1, 28, 28), (3, 32, 32)))
    more = architecture("Conv 16x3, Dense 16", classes=100)
    found = distances([grey, colour, more], NASBOT)
    assert found[0, 1] == 0
    assert found[0, 2] == pytest.approx(0.1 * 16 * 90)  # the head's units beyond ten


def test_no_architectures_have_an_empty_matrix():
    one = architecture("Dense 16")
    assert distances([]).shape == (0, 0)
    assert distances_to([], [one]).shape == (0, 1)
    assert distances_to([one], []).shape == (1, 0)
    assert distances([one]).tolist() == [[0.0]]


@pytest.mark.parametrize("nu", [-0.1, np.nan, np.inf, "1", True])
def test_an_invalid_weight_is_refused(nu):
    with pytest.raises(InvalidDistances, match="0 <= nu < infinity must hold, but got nu="):
        distances([], nu=nu)


def test_a_refused_architecture_does_not_change_the_index():
    index = OtmannIndex([architecture("Dense 16")])
    with pytest.raises(InvalidDistances):
        index.add([architecture(""), "Dense 16"])
    assert index.distances().tolist() == [[0.0]]
