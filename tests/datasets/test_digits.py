import numpy as np

from remap_core.datasets.readers.digits import read_digits


def test_the_digits_are_scaled_to_whole_bytes():
    images, class_names = read_digits()
    assert images.images.shape == (1797, 8, 8, 1)
    assert class_names == tuple("0123456789")
    assert np.unique(images.images).tolist() == [round(value * 255 / 16) for value in range(17)]
