import numpy as np
import pytest
from image_folders import RNG, picture


@pytest.fixture
def photos(tmp_path):
    """Two class folders of ten PNG files, 5 pixels high and 4 wide."""
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            picture().save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


@pytest.fixture
def drawings(tmp_path):
    """Two files of bitmaps, of 20 and of 30 images."""
    folder = tmp_path / "drawings"
    folder.mkdir()
    np.save(folder / "full_numpy_bitmap_alarm clock.npy", RNG.integers(0, 256, (20, 784), dtype=np.uint8))
    np.save(folder / "apple.npy", RNG.integers(0, 256, (30, 784), dtype=np.uint8))
    return folder
