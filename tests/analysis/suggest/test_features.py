import numpy as np
from hypothesis import given
from strategies import architectures

from remap_core.analysis.suggest.features import WIDTH, features_of
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers


def of(text):
    return features_of([Architecture((1, 12, 12), 10, parse_layers(text))])[0]


@given(architectures())
def test_every_architecture_has_as_many_finite_features(architecture):
    rows = features_of([architecture, architecture])
    assert rows.shape == (2, WIDTH)
    assert np.isfinite(rows).all()
    assert (rows[0] == rows[1]).all()


def test_no_architectures_have_no_rows():
    assert features_of([]).shape == (0, WIDTH)


def test_what_the_accuracy_depends_on_changes_a_feature():
    plain = of("Conv 16x3, ReLU, Dense 32")
    for other in (
        "Conv 16x3, Tanh, Dense 32",
        "Conv 16x5, ReLU, Dense 32",
        "Conv 32x3, ReLU, Dense 32",
        "Conv 16x3 stride 2, ReLU, Dense 32",
        "Conv 16x3, ReLU, Dense 32, Dropout 0.5",
        "ReLU, Conv 16x3, Dense 32",
    ):
        assert (of(other) != plain).any(), other
