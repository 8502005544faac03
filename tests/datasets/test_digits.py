from importlib.machinery import ModuleSpec

import numpy as np
import pytest
from sklearn.datasets import load_digits

from remap_core.datasets.readers import digits
from remap_core.datasets.readers.digits import read_digits
from remap_core.errors import DatasetError


def test_the_digits_are_scaled_to_whole_bytes():
    images, class_names = read_digits()
    assert images.images.shape == (1797, 8, 8, 1)
    assert class_names == tuple("0123456789")
    assert np.unique(images.images).tolist() == [round(value * 255 / 16) for value in range(17)]


def test_the_digits_are_those_that_scikit_learn_loads():
    images, _ = read_digits()
    theirs = load_digits()
    assert np.array_equal(images.images[..., 0], np.rint(theirs.images * (255 / 16)))
    assert np.array_equal(images.labels, theirs.target)


def test_without_scikit_learn_the_digits_are_missing_with_a_sentence(monkeypatch):
    monkeypatch.setattr(digits, "find_spec", lambda name: None)
    with pytest.raises(DatasetError, match=r"^digits: they come with scikit-learn, which is not installed\.$"):
        read_digits()


def test_a_missing_file_of_digits_is_named(monkeypatch, tmp_path):
    elsewhere = ModuleSpec("sklearn", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(digits, "find_spec", lambda name: elsewhere)
    with pytest.raises(DatasetError, match=rf"^digits: {tmp_path}/datasets/data/digits.csv.gz cannot be read"):
        read_digits()
