import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import architectures

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers import (
    Activation,
    BatchNorm,
    Conv2d,
    Dropout,
    GlobalAvgPool2d,
    InvertedResidual,
    MaxPool2d,
    Residual,
    SeparableConv2d,
)
from remap_core.space.text import layers_text, parse_layers


@given(architectures())
def test_text_round_trips(architecture):
    assert parse_layers(layers_text(architecture.layers)) == architecture.layers


def test_text_is_what_a_person_would_type():
    typed = "conv 32X3  stride 2 same,relu , MAXPOOL 2, dropout .5"
    assert parse_layers(typed) == (Conv2d(3, 32, 2, "same"), Activation("relu"), MaxPool2d(2), Dropout(0.5))
    modern = "sepconv 32x3 same, batchnorm, gelu, SILU, globalavgpool"
    assert parse_layers(modern) == (
        SeparableConv2d(3, 32, 1, "same"),
        BatchNorm(),
        Activation("gelu"),
        Activation("silu"),
        GlobalAvgPool2d(),
    )
    blocks = "residual 32 STRIDE 2, mbconv 24X5 expand 3 stride 2 SE, MBConv 16x3"
    assert parse_layers(blocks) == (
        Residual(32, 2),
        InvertedResidual(24, 5, expand=3, stride=2, squeeze_excite=True),
        InvertedResidual(16, 3, expand=6),
    )


def test_the_head_alone_has_an_empty_text():
    assert layers_text(()) == ""
    assert parse_layers("  ") == ()


@pytest.mark.parametrize(
    ("text", "index", "sentence"),
    [
        ("ReLU, Conv 32", 1, "Layer 2: 'Conv 32' is not a layer; write Conv 32x3"),
        ("Dropout 1.5", 0, "Layer 1 (Dropout 1.5): 0 < rate < 1 must hold, but got rate=1.5."),
        ("Conv 0x3", 0, "Layer 1 (Conv 0x3): filters must be a whole number of at least 1, but got 0."),
        ("MBConv 16x4", 0, "Layer 1 (MBConv 16x4): kernel_size must be odd, but got 4."),
        ("MBConv 16x3 expand 0", 0, "(MBConv 16x3 expand 0): expand must be a whole number of at least 1, but got 0."),
        ("Dense 64,", 1, "Layer 2: '' is not a layer"),
        ("Dense " + "9" * 5000, 0, "is not a layer"),
    ],
)
def test_malformed_text_is_refused_with_the_part(text, index, sentence):
    with pytest.raises(InvalidArchitecture) as refused:
        parse_layers(text)
    assert refused.value.index == index
    assert sentence in str(refused.value)


@given(st.text())
def test_any_text_is_a_chain_or_a_refusal(text):
    try:
        chain = parse_layers(text)
    except InvalidArchitecture as refusal:
        assert str(refusal).startswith("Layer ")
    else:
        assert parse_layers(layers_text(chain)) == chain
