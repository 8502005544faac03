import pytest

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers import (
    KINDS,
    Activation,
    AvgPool2d,
    Conv2d,
    Dense,
    Dropout,
    MaxPool2d,
    layer_from_json,
)

FORMS = {
    "conv2d": {"kind": "conv2d", "kernel_size": 3, "filters": 32},
    "max_pool2d": {"kind": "max_pool2d", "size": 2, "stride": 2},
    "avg_pool2d": {"kind": "avg_pool2d", "size": 3, "stride": 2},
    "dense": {"kind": "dense", "units": 64},
    "activation": {"kind": "activation", "function": "relu"},
    "dropout": {"kind": "dropout", "rate": 0.25},
}


def test_every_kind_has_its_public_json_form():
    assert FORMS.keys() == KINDS.keys()
    for form in FORMS.values():
        assert layer_from_json(form).to_json() == form


def test_stride_and_padding_of_a_convolution_are_written_only_where_they_differ():
    form = {"kind": "conv2d", "kernel_size": 3, "filters": 8, "stride": 2, "padding": "same"}
    assert layer_from_json(form) == Conv2d(3, 8, stride=2, padding="same")
    assert layer_from_json(form).to_json() == form


@pytest.mark.parametrize(
    ("layer", "before", "after"),
    [
        (Conv2d(5, 16), (3, 8, 9), (16, 4, 5)),
        (Conv2d(3, 16, stride=2, padding="same"), (3, 8, 9), (16, 4, 5)),
        (MaxPool2d(3), (4, 9, 8), (4, 4, 3)),
        (AvgPool2d(2, stride=1), (4, 9, 8), (4, 8, 7)),
        (Dense(7), (4, 9, 8), (7,)),
        (Activation("tanh"), (5,), (5,)),
        (Dropout(0.5), (1, 2, 3), (1, 2, 3)),
    ],
)
def test_the_output_shape_is_known(layer, before, after):
    assert layer.output_shape(before) == after


def test_only_convolutions_and_dense_layers_have_parameters():
    shape = (3, 8, 8)
    assert Conv2d(3, 16).parameters(shape) == 16 * (3 * 9 + 1)
    assert Dense(10).parameters(shape) == 10 * (3 * 64 + 1)
    assert [layer.parameters(shape) for layer in (MaxPool2d(2), AvgPool2d(2), Activation("relu"), Dropout(0.1))] == [
        0
    ] * 4


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Conv2d(0, 16), "kernel_size must be a whole number of at least 1, but got 0."),
        (lambda: Conv2d(3, True), "filters must be a whole number of at least 1, but got True."),
        (lambda: Conv2d(2, 16, padding="same"), 'padding "same" needs an odd kernel_size, but got 2.'),
        (lambda: Conv2d(3, 16, padding="full"), 'padding must be "valid" or "same", but got \'full\'.'),
        (lambda: MaxPool2d(2, stride=0), "stride must be a whole number of at least 1, but got 0."),
        (lambda: Dense(1.5), "units must be a whole number of at least 1, but got 1.5."),
        (lambda: Activation("softmax"), "function must be one of tanh, relu, sigmoid, but got 'softmax'."),
        (lambda: Dropout(1.0), "0 < rate < 1 must hold, but got rate=1.0."),
        (lambda: Dropout(float("nan")), "0 < rate < 1 must hold, but got rate=nan."),
    ],
)
def test_a_layer_that_cannot_be_is_refused_with_the_rule_and_the_value(make, sentence):
    with pytest.raises(InvalidArchitecture) as refused:
        make()
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ("conv", "a layer must be an object with a \"kind\", but got 'conv'."),
        ({"kind": "lstm"}, "but got 'lstm'."),
        ({"units": 3}, "kind must be one of conv2d"),
        ({"kind": "dense"}, "dense needs units."),
        ({"kind": "max_pool2d", "size": 2}, "max_pool2d needs stride."),
        ({"kind": "dense", "units": 3, "bias": True}, "dense takes units, but got 'bias'."),
        ({"kind": ["dense"]}, "kind must be one of"),
    ],
)
def test_json_that_is_no_layer_is_refused_with_what_is_wrong(form, sentence):
    with pytest.raises(InvalidArchitecture) as refused:
        layer_from_json(form)
    assert sentence in str(refused.value)
