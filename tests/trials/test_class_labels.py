import numpy as np
import pytest

from remap_core.trials.class_labels import MAX_CLASSES, are_labels, as_labels


@pytest.mark.parametrize(("classes", "dtype"), [(2, "u1"), (256, "u1"), (257, "<u2"), (MAX_CLASSES, "<u2")])
def test_the_last_class_fits_into_the_type_of_labels(classes, dtype):
    labels = as_labels([0, classes - 1], classes)
    assert labels.dtype == np.dtype(dtype)
    assert labels.tolist() == [0, classes - 1]
    assert are_labels(labels)


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros(3, np.int64), np.zeros((3, 1), np.uint8)])
def test_other_arrays_are_not_labels(values):
    assert not are_labels(values)
