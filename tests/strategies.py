"""Hypothesis strategies: layers that fit a shape, and architectures that are valid by construction."""

from hypothesis import strategies as st

from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import Architecture
from remap_core.space.layers import (
    FUNCTIONS,
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    GlobalAvgPool2d,
    InvertedResidual,
    Layer,
    MaxPool2d,
    Residual,
    SeparableConv2d,
)

convs = st.one_of(
    *(
        strategy
        for kind in (Conv2d, SeparableConv2d)
        for strategy in (
            st.builds(kind, st.integers(1, 5), st.integers(1, 8), st.integers(1, 3)),
            st.builds(kind, st.sampled_from([1, 3, 5]), st.integers(1, 8), st.integers(1, 3), st.just("same")),
        )
    )
)
blocks = st.one_of(
    st.builds(Residual, st.integers(1, 8), st.integers(1, 3)),
    st.builds(
        InvertedResidual,
        st.integers(1, 8),
        st.sampled_from([1, 3, 5, 7]),
        st.integers(1, 6),
        st.integers(1, 3),
        st.booleans(),
    ),
)
pools = st.one_of(
    st.builds(MaxPool2d, st.integers(1, 5), st.integers(1, 3)),
    st.builds(AvgPool2d, st.integers(1, 5), st.integers(1, 3)),
    st.just(GlobalAvgPool2d()),
)
rates = st.floats(0.01, 0.99)
layers = st.one_of(
    convs,
    blocks,
    pools,
    st.builds(Dense, st.integers(1, 32)),
    st.builds(Activation, st.sampled_from(FUNCTIONS)),
    st.just(BatchNorm()),
    st.builds(Dropout, rates),
)


@st.composite
def architectures(draw: st.DrawFn, max_layers: int = 8) -> Architecture:
    """Any chain of the drawn layers that fits: what does not fit is left out."""
    input_shape = (draw(st.sampled_from([1, 3])), draw(st.integers(4, 16)), draw(st.integers(4, 16)))
    architecture = Architecture(input_shape, draw(st.integers(2, 12)), ())
    for layer in draw(st.lists(layers, max_size=max_layers)):
        architecture = _extended(architecture, layer)
    return architecture


def _extended(architecture: Architecture, layer: Layer) -> Architecture:
    try:
        return architecture.with_layers((*architecture.layers, layer))
    except InvalidArchitecture:
        return architecture
