import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import architectures

from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import MAX_LAYERS, Architecture
from remap_core.space.layers import Activation, AvgPool2d, Conv2d, Dense, Dropout, MaxPool2d

LENET_LIKE = Architecture((1, 28, 28), 10, (Conv2d(3, 32), Activation("relu"), MaxPool2d(2), Dense(64), Dropout(0.25)))


def test_costs_have_one_row_per_layer_and_one_for_the_head():
    assert [(row.text, row.output_shape, row.parameters) for row in LENET_LIKE.costs] == [
        ("Conv 32x3", (32, 26, 26), 320),
        ("ReLU", (32, 26, 26), 0),
        ("MaxPool 2", (32, 13, 13), 0),
        ("Dense 64", (64,), 64 * (32 * 13 * 13 + 1)),
        ("Dropout 0.25", (64,), 0),
        ("Head", (10,), 650),
    ]
    assert LENET_LIKE.parameters == 320 + 64 * 5409 + 650
    assert LENET_LIKE.activation_sizes == (21632, 21632, 5408, 64, 64, 10)


@pytest.mark.parametrize(
    ("parameters", "layers"),
    [
        (1_610, (MaxPool2d(3), Conv2d(3, 32), MaxPool2d(2), MaxPool2d(2))),
        (16_650, (Conv2d(1, 64), MaxPool2d(3), Activation("relu"), MaxPool2d(3))),
        (412_842, (Conv2d(1, 16), MaxPool2d(5), Dense(256), Activation("relu"))),
    ],
)
def test_published_parameter_counts_are_reached_with_some_kernel_size(parameters, layers):
    kernels = (1, 3, 5)
    variants = [[Conv2d(k, x.filters) if isinstance(x, Conv2d) else x for x in layers] for k in kernels]
    assert parameters in [Architecture((1, 28, 28), 10, tuple(chain)).parameters for chain in variants]


@pytest.mark.parametrize(
    ("layers", "index", "sentence"),
    [
        (
            (MaxPool2d(5), Conv2d(5, 16)),
            1,
            "Layer 2 (Conv 16x5): its 5 x 5 window must fit into its input, but that is 2 x 2.",
        ),
        (
            (Dense(64), Activation("relu"), AvgPool2d(2)),
            2,
            "Layer 3 (AvgPool 2): it needs an image, but its input is a vector of 64 (after a Dense or GlobalAvgPool).",
        ),
    ],
)
def test_an_invalid_chain_is_refused_with_the_layer_the_rule_and_the_numbers(layers, index, sentence):
    with pytest.raises(InvalidArchitecture) as refused:
        Architecture((1, 8, 8), 10, layers)
    assert (refused.value.index, str(refused.value)) == (index, sentence)


@pytest.mark.parametrize("shape", [(28, 28), (0, 8, 8), (1.0, 8, 8), "188", None])
def test_an_invalid_input_shape_is_refused(shape):
    with pytest.raises(InvalidArchitecture, match="input_shape must be channels, height, width"):
        Architecture(shape, 10, ())


def test_a_single_class_is_refused():
    with pytest.raises(InvalidArchitecture, match="classes must be a whole number of at least 2, but got 1"):
        Architecture((1, 8, 8), 1, ())


@given(architectures())
def test_json_round_trips(architecture):
    form = json.loads(json.dumps(architecture.to_json()))
    assert Architecture.from_json(form) == architecture
    assert Architecture.from_json(form).fingerprint == architecture.fingerprint


@given(architectures(), architectures())
def test_the_fingerprint_is_the_identity(one, other):
    assert (one.fingerprint == other.fingerprint) == (one == other)


def test_the_fingerprint_is_stable():
    assert LENET_LIKE.fingerprint == "34347560f23801c3a5d2ede4e03fc919"


def test_an_explicit_default_does_not_change_the_fingerprint():
    form = {"input_shape": [1, 8, 8], "classes": 10, "layers": [{"kind": "conv2d", "kernel_size": 3, "filters": 8}]}
    written = json.loads(json.dumps(form))
    written["layers"][0] |= {"stride": 1, "padding": "valid"}
    assert Architecture.from_json(form).fingerprint == Architecture.from_json(written).fingerprint


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ([], "must be an object with input_shape, classes and layers, but got list."),
        ({"layers": []}, "missing or unknown: classes, input_shape."),
        ({"input_shape": [1, 8, 8], "classes": 10, "layers": {}}, "layers must be a list, but got dict."),
        ({"input_shape": 8, "classes": 10, "layers": []}, "input_shape must be a list, but got int."),
        ({"input_shape": [1, 8, 8], "classes": "ten", "layers": []}, "classes must be a whole number"),
        ({"input_shape": [1, 8, 8], "classes": 10, "layers": [{"kind": "dense"}]}, "Layer 1: dense needs units."),
    ],
)
def test_invalid_json_is_refused_with_the_reason(form, sentence):
    with pytest.raises(InvalidArchitecture) as refused:
        Architecture.from_json(form)
    assert sentence in str(refused.value)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_any_invalid_json_is_refused_as_an_architecture(form):
    with pytest.raises(InvalidArchitecture):
        Architecture.from_json({"input_shape": [1, 8, 8], "classes": 10, "layers": form if form else None})


def test_linear_and_unweighted_architectures_are_recognised():
    linear = Architecture((1, 8, 8), 10, (Conv2d(3, 16), AvgPool2d(2), Dropout(0.5)))
    unweighted = Architecture((1, 8, 8), 10, (MaxPool2d(2), Activation("tanh")))
    assert (linear.has_hidden_weights, linear.is_linear) == (True, True)
    assert (unweighted.has_hidden_weights, unweighted.is_linear) == (False, False)


def chain(layers):
    return {"input_shape": [1, 8, 8], "classes": 10, "layers": [{"kind": "activation", "function": "relu"}] * layers}


def test_an_architecture_has_at_most_60_layers_wherever_it_comes_from():
    longest = Architecture.from_json(chain(MAX_LAYERS))
    assert len(longest.layers) == 60
    refusals = [
        lambda: Architecture.from_json(chain(10_000)),
        lambda: Architecture((1, 8, 8), 10, (Dropout(0.5),) * 10_000),
        lambda: longest.with_layers((*longest.layers, Dropout(0.5)) * 2),
    ]
    for refused, layers in zip(refusals, ("10,000", "10,000", "122"), strict=True):
        with pytest.raises(InvalidArchitecture, match=f"An architecture has at most 60 layers, but got {layers}."):
            refused()


def test_a_longer_one_of_an_earlier_version_is_still_read_and_what_is_made_of_it_is_not_longer():
    trained = Architecture.from_json(chain(70), is_recorded=True)
    assert trained.to_json() == chain(70)
    assert len(trained.with_layers(trained.layers[1:]).output_shapes) == 69
    with pytest.raises(InvalidArchitecture, match="at most 60 layers"):
        trained.with_layers((*trained.layers, Dropout(0.5)))
