import numpy as np
import pytest

from remap_core.datasets.images import Images
from remap_core.errors import DatasetError

ONE_LABEL = np.zeros(1, dtype=np.uint8)


def test_rows_are_taken_in_the_given_order():
    images = Images(np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1), np.array([5, 6, 7], dtype=np.uint8))
    taken = images.take(np.array([2, 0]))
    assert taken.images.ravel().tolist() == [2, 0]
    assert taken.labels.tolist() == [7, 5]


@pytest.mark.parametrize(
    ("images", "labels", "rule"),
    [
        (np.zeros((1, 2, 2, 1)), ONE_LABEL, "must be uint8 .* float64"),
        (np.zeros((1, 2, 2), dtype=np.uint8), ONE_LABEL, r"shape is \(1, 2, 2\)"),
        (np.zeros((1, 0, 2, 1), dtype=np.uint8), ONE_LABEL, r"shape is \(1, 0, 2, 1\)"),
        (np.zeros((1, 2, 2, 4), dtype=np.uint8), ONE_LABEL, "1 or 3 channels, but they have 4"),
        (np.zeros((1, 2, 2, 1), dtype=np.uint8), np.zeros(1), "labels must be one uint8 or uint16 .* float64"),
        (np.zeros((2, 2, 2, 1), dtype=np.uint8), ONE_LABEL, "there are 2 images and 1 label"),
    ],
)
def test_arrays_that_are_not_labelled_images_are_rejected(images, labels, rule):
    with pytest.raises(DatasetError, match=rule):
        Images(images, labels)
