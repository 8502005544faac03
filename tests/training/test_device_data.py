import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_tasks import BARS

from remap_core.datasets.dataset import Dataset
from remap_core.datasets.images import Images
from remap_core.errors import TrainingStopped
from remap_core.training.device_data import Scale, dataset_on_device

pixels = arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.sampled_from([1, 3])))


def labelled(images: np.ndarray) -> Images:
    return Images(images, np.zeros(len(images), dtype=np.uint8))


@given(pixels)
def test_the_scale_is_mean_and_standard_deviation_of_each_channel(images):
    scale = Scale.from_images(labelled(images))
    deviation = images.std(axis=(0, 1, 2))
    assert np.allclose(scale.mean, images.mean(axis=(0, 1, 2)))
    assert np.allclose(scale.deviation, np.where(deviation == 0, 1, deviation))


def test_the_scale_is_the_same_for_many_images():
    images = np.arange(2500 * 6, dtype=np.uint8).reshape(2500, 2, 1, 3)
    assert np.allclose(Scale.from_images(labelled(images)).deviation, images.std(axis=(0, 1, 2)))


def test_training_images_have_mean_0_and_deviation_1():
    inputs, labels = next(dataset_on_device(BARS, "cpu").train.batches(torch.arange(84), 84, lambda: False))
    assert inputs.shape == (84, 1, 8, 8)
    assert inputs.mean().item() == pytest.approx(0, abs=1e-5)
    assert inputs.std().item() == pytest.approx(1, abs=1e-3)
    assert labels.tolist() == BARS.train.labels.tolist()


def test_channels_and_pixels_keep_their_places():
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
    colour = Dataset("colour", ("a", "b"), labelled(images), labelled(images[:2]), labelled(images[:2]))
    data = dataset_on_device(colour, "cpu")
    inputs, _ = next(data.validation.batches(torch.tensor([1]), 8, lambda: False))
    expected = (images[1] - np.array(data.scale.mean)) / np.array(data.scale.deviation)
    assert np.allclose(inputs[0].permute(1, 2, 0).numpy(), expected, atol=1e-5)


def test_batches_come_in_the_order_of_the_rows_and_the_last_may_be_small():
    batches = dataset_on_device(BARS, "cpu").train.batches(torch.tensor([5, 3, 1, 0, 2]), 2, lambda: False)
    assert [labels.tolist() for _, labels in batches] == [[2, 0], [1, 0], [2]]


def test_there_is_no_batch_after_a_stop():
    with pytest.raises(TrainingStopped, match="was told to stop"):
        next(dataset_on_device(BARS, "cpu").train.batches(torch.arange(84), 10, lambda: True))
