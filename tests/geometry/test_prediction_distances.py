import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist, pdist, squareform

from remap_core.errors import InvalidDistances
from remap_core.geometry import prediction_distances as module
from remap_core.geometry.prediction_distances import PredictionIndex, prediction_distances, prediction_distances_to


@st.composite
def predicted(draw):
    highest = draw(st.sampled_from([0, 1, 9, 15, 16, 99, 255, 256, 999, 65_535]))
    shape = draw(st.integers(2, 6)), draw(st.integers(1, 200))
    return draw(arrays(np.uint16, shape, elements=st.integers(0, highest)))


@given(predicted())
def test_distances_equal_those_of_scipy(rows):
    assert (prediction_distances(rows) == squareform(pdist(rows, "hamming"))).all()


@given(predicted(), st.integers(0, 6))
def test_new_models_and_a_growing_index_have_the_same_distances(rows, split):
    index = PredictionIndex(rows[:split])
    index.add(rows[split:])
    assert (index.distances() == prediction_distances(rows)).all()
    assert (index.distances_to(rows[:2]) == cdist(rows[:2], rows, "hamming")).all()


@pytest.mark.parametrize("block", [1, 64, 1 << 16])
def test_the_block_size_does_not_matter(block, monkeypatch):
    rows = np.random.default_rng(0).integers(0, 256, (40, 300))
    monkeypatch.setattr(module, "BLOCK", block)
    assert (prediction_distances(rows) == squareform(pdist(rows, "hamming"))).all()


def test_new_models_may_have_other_classes_than_the_old_ones():
    assert prediction_distances_to([[0, 200], [0, 1]], [[0, 1]]).tolist() == [[0.5], [0.0]]
    assert prediction_distances_to([[0, 1]], [[0, 200]]).tolist() == [[0.5]]


def test_no_models_have_an_empty_matrix_and_twins_no_distance():
    assert prediction_distances([]).shape == (0, 0)
    assert prediction_distances_to([], [[1]]).shape == (0, 1)
    assert prediction_distances_to([[1]], []).shape == (1, 0)
    assert prediction_distances([[3, 4]] * 2).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([[0, 1], [0, 1, 2]], "Predictions must be rows of one length, but got 2 and 3."),
        ([[[0, 1]]], "Predictions must be rows of one length, but got 1 x 2."),
        ([3], "Predictions must be rows of one length, but got a single number."),
        ([np.zeros(0, np.uint8)], "Predictions must be of at least one image, but got none."),
        ([[0, 65536]], "Predicted classes must be whole numbers from 0 to 65535, but got 65536."),
        ([[0, -1]], "Predicted classes must be whole numbers from 0 to 65535, but got -1."),
        ([[0.5, 1.0]], "Predicted classes must be whole numbers from 0 to 65535, but got float64."),
    ],
)
def test_invalid_predictions_are_refused_in_one_sentence(rows, sentence):
    with pytest.raises(InvalidDistances) as refused:
        prediction_distances(rows)
    assert str(refused.value) == sentence


def test_predictions_of_another_number_of_images_are_refused():
    with pytest.raises(InvalidDistances, match=r"rows of one length, but got 1 and 2\."):
        prediction_distances_to([[0]], [[0, 1]])
