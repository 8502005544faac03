import numpy as np
import pytest

from remap_core.datasets.augmentation import apply_changes, augmented_samples, draw_changes
from remap_core.datasets.recipe import AUGMENTATIONS
from remap_core.errors import DatasetError


def changes(*augmentation: str, n: int = 400, height: int = 16, width: int = 24):
    return draw_changes(n, height, width, augmentation, np.random.default_rng(1))


def image(height: int = 16, width: int = 24) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (1, height, width, 3)).astype(np.float32)


def test_without_augmentation_nothing_changes():
    assert (augmented_samples(image().astype(np.uint8), ()) == image()).all()


def test_shifts_are_whole_pixels_up_to_an_eighth_of_each_side():
    drawn = changes("shift").maps[:, :, 2] * (24 / 2, 16 / 2)
    assert set(np.unique(drawn[:, 0].round(4))) == {-3, -2, -1, 0, 1, 2, 3}
    assert set(np.unique(drawn[:, 1].round(4))) == {-2, -1, 0, 1, 2}
    one = changes("shift", n=1)
    moved = apply_changes(image(), one)
    right, down = np.rint(one.maps[0, :, 2] * (12, 8)).astype(int)
    rows = np.clip(np.arange(16) + down, 0, 15)
    columns = np.clip(np.arange(24) + right, 0, 23)
    assert moved[0] == pytest.approx(image()[0][np.ix_(rows, columns)], abs=0.01)


def test_half_of_the_images_are_flipped_left_and_right():
    flipped = changes("flip").maps[:, 0, 0] == -1
    assert 150 < flipped.sum() < 250
    seen = {augmented_samples(image().astype(np.uint8), ["flip"], seed).tobytes() for seed in range(20)}
    assert seen == {pixels.astype(np.uint8).tobytes() for pixels in (image(), image()[:, :, ::-1])}


def test_rotations_are_up_to_15_degrees_and_keep_shapes():
    maps = changes("rotate").maps.astype(float)
    in_pixels = maps[:, :, :2] * np.array([[1, 24 / 16], [16 / 24, 1]])
    assert in_pixels @ in_pixels.transpose(0, 2, 1) == pytest.approx(np.broadcast_to(np.eye(2), (400, 2, 2)), abs=1e-5)
    degrees = np.rad2deg(np.arcsin(in_pixels[:, 1, 0]))
    assert -15 <= degrees.min() < -14
    assert 14 < degrees.max() <= 15


def test_brightness_changes_by_up_to_a_fifth_and_stays_in_its_range():
    factors = changes("brightness").brightness
    assert 0.8 <= factors.min() < 0.82
    assert 1.18 < factors.max() <= 1.2
    pixels = np.full((400, 8, 8, 1), 230, np.uint8)
    assert np.unique(augmented_samples(pixels, ["brightness"])).max() == 255


def test_the_same_seed_draws_the_same_and_another_seed_something_else():
    pixels = image().astype(np.uint8)
    first, again, other = (augmented_samples(pixels, AUGMENTATIONS, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_images_that_are_too_small_to_be_shifted_say_so():
    with pytest.raises(DatasetError, match="must have at least 8 pixels a side, but these are 7 x 9"):
        augmented_samples(np.zeros((1, 7, 9, 1), np.uint8), ["shift"])


def test_an_unknown_change_is_named():
    with pytest.raises(DatasetError, match="among shift, flip, rotate, brightness, but got 'melt'"):
        augmented_samples(np.zeros((1, 8, 8, 1), np.uint8), ["flip", "melt"])
