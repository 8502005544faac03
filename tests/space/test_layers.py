import pytest

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers import (
    KINDS,
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    GlobalAvgPool2d,
    InvertedResidual,
    MaxPool2d,
    Residual,
    SeparableConv2d,
    layer_from_json,
)

FORMS = {
    "conv2d": {"kind": "conv2d", "kernel_size": 3, "filters": 32},
    "separable_conv2d": {"kind": "separable_conv2d", "kernel_size": 5, "filters": 16},
    "residual": {"kind": "residual", "filters": 32},
    "inverted_residual": {"kind": "inverted_residual", "filters": 24, "kernel_size": 3, "expand": 6},
    "max_pool2d": {"kind": "max_pool2d", "size": 2, "stride": 2},
    "avg_pool2d": {"kind": "avg_pool2d", "size": 3, "stride": 2},
    "global_avg_pool2d": {"kind": "global_avg_pool2d"},
    "dense": {"kind": "dense", "units": 64},
    "activation": {"kind": "activation", "function": "relu"},
    "batch_norm": {"kind": "batch_norm"},
    "dropout": {"kind": "dropout", "rate": 0.25},
}


def test_every_kind_has_its_public_json_form():
    assert FORMS.keys() == KINDS.keys()
    for form in FORMS.values():
        assert layer_from_json(form).to_json() == form


def test_stride_and_padding_of_a_convolution_are_written_only_where_they_are_not_the_default():
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
        (SeparableConv2d(3, 16), (3, 8, 9), (16, 6, 7)),
        (SeparableConv2d(5, 16, stride=2, padding="same"), (3, 8, 9), (16, 4, 5)),
        (Residual(16), (3, 8, 9), (16, 8, 9)),
        (Residual(16, stride=2), (3, 8, 9), (16, 4, 5)),
        (InvertedResidual(16, 7), (3, 1, 2), (16, 1, 2)),
        (InvertedResidual(16, 5, stride=3), (3, 8, 9), (16, 3, 3)),
        (GlobalAvgPool2d(), (4, 9, 8), (4,)),
        (Dense(7), (4, 9, 8), (7,)),
        (BatchNorm(), (4, 9, 8), (4, 9, 8)),
        (BatchNorm(), (5,), (5,)),
        (Activation("tanh"), (5,), (5,)),
        (Dropout(0.5), (1, 2, 3), (1, 2, 3)),
    ],
)
def test_the_output_shape_is_known(layer, before, after):
    assert layer.output_shape(before) == after


def test_only_convolutions_dense_layers_and_batch_norms_have_parameters():
    shape = (3, 8, 8)
    assert SeparableConv2d(3, 16).parameters(shape) == 3 * 9 + 16 * (3 + 1)
    assert (BatchNorm().parameters(shape), BatchNorm().parameters((7,))) == (6, 14)
    assert Conv2d(3, 16).parameters(shape) == 16 * (3 * 9 + 1)
    assert Dense(10).parameters(shape) == 10 * (3 * 64 + 1)
    without = (MaxPool2d(2), AvgPool2d(2), GlobalAvgPool2d(), Activation("relu"), Dropout(0.1))
    assert [layer.parameters(shape) for layer in without] == [0] * 5


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Conv2d(0, 16), "kernel_size must be a whole number of at least 1, but got 0."),
        (lambda: Conv2d(3, True), "filters must be a whole number of at least 1, but got True."),
        (lambda: Conv2d(2, 16, padding="same"), 'padding "same" needs an odd kernel_size, but got 2.'),
        (lambda: Conv2d(3, 16, padding="full"), 'padding must be "valid" or "same", but got \'full\'.'),
        (lambda: MaxPool2d(2, stride=0), "stride must be a whole number of at least 1, but got 0."),
        (lambda: Residual(0), "filters must be a whole number of at least 1, but got 0."),
        (lambda: InvertedResidual(16, 4), "kernel_size must be odd, but got 4."),
        (lambda: InvertedResidual(16, expand=0), "expand must be a whole number of at least 1, but got 0."),
        (lambda: InvertedResidual(16, squeeze_excite=1), "squeeze_excite must be true or false, but got 1."),
        (lambda: Dense(1.5), "units must be a whole number of at least 1, but got 1.5."),
        (lambda: Activation("softmax"), "function must be one of tanh, relu, sigmoid, gelu, silu, but got 'softmax'."),
        (lambda: Dropout(1.0), "0 < rate < 1 must hold, but got rate=1.0."),
        (lambda: Dropout(float("nan")), "0 < rate < 1 must hold, but got rate=nan."),
    ],
)
def test_an_impossible_layer_is_refused_with_the_rule_and_the_value(make, sentence):
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
        ({"kind": "batch_norm", "momentum": 0.1}, "batch_norm takes nothing, but got 'momentum'."),
        ({"kind": ["dense"]}, "kind must be one of"),
    ],
)
def test_malformed_json_is_refused_with_the_reason(form, sentence):
    with pytest.raises(InvalidArchitecture) as refused:
        layer_from_json(form)
    assert sentence in str(refused.value)


def test_a_mean_of_each_channel_needs_an_image():
    with pytest.raises(InvalidArchitecture, match="needs an image, but its input is a vector of 5"):
        GlobalAvgPool2d().output_shape((5,))


@pytest.mark.parametrize("block", [Residual(8), InvertedResidual(8, 5)])
def test_a_block_needs_an_image(block):
    with pytest.raises(InvalidArchitecture, match="needs an image, but its input is a vector of 5"):
        block.output_shape((5,))


@pytest.mark.parametrize("block", [Residual(8, stride=3), InvertedResidual(8, 7, stride=3)])
def test_the_stride_of_a_block_must_fit_into_its_input(block):
    with pytest.raises(InvalidArchitecture) as refused:
        block.output_shape((8, 4, 2))
    assert str(refused.value) == "its stride of 3 must be at most the side of its input, but that is 4 x 2."


def test_what_a_block_leaves_out_of_its_json_and_its_text_is_what_is_off():
    block = InvertedResidual(24, 5, expand=3, stride=2, squeeze_excite=True)
    form = {"kind": "inverted_residual", "filters": 24, "kernel_size": 5, "expand": 3}
    assert block.to_json() == form | {"stride": 2, "squeeze_excite": True}
    assert (block.text(), block.chip_label) == ("MBConv 24x5 expand 3 stride 2 se", "24 x 5 e3 /2 se")
    assert (InvertedResidual(24).text(), InvertedResidual(24).chip_label) == ("MBConv 24x3", "24 x 3 e6")
    assert (Residual(16, 2).text(), Residual(16, 2).chip_label) == ("Residual 16 stride 2", "16 /2")
