from dataclasses import replace

import numpy as np
import pytest
from catalogues import CARD

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.validation_images import read_validation_images, write_validation_images
from remap_core.errors import CatalogueError, FolderUnusable, NotFound

IMAGES = np.arange(20 * 64, dtype=np.int64).reshape(20, 8, 8, 1).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "home")


def published(folder):
    (file,) = (folder.artifacts / "datasets").rglob("*.npy")
    return file


def test_published_images_are_read_back(folder):
    write_validation_images(folder, "digits", IMAGES)
    np.testing.assert_array_equal(read_validation_images(folder, CARD), IMAGES)


@pytest.mark.parametrize("name", ["/etc/../x.npz#500", "../../escape", "a\nb", "ü" * 500])
def test_images_stay_in_the_data_folder_whatever_the_data_set_is_called(folder, name):
    write_validation_images(folder, name, IMAGES)
    assert published(folder).resolve().is_relative_to(folder.artifacts)
    assert len(read_validation_images(folder, replace(CARD, name=name))) == 20


def test_images_that_were_never_published_are_not_found(folder):
    with pytest.raises(NotFound, match="were not published"):
        read_validation_images(folder, CARD)


def test_new_images_replace_the_old_ones_and_an_earlier_reader_keeps_its_own(folder):
    write_validation_images(folder, "digits", IMAGES)
    old = read_validation_images(folder, CARD)
    write_validation_images(folder, "digits", 255 - IMAGES)
    np.testing.assert_array_equal(old, IMAGES)
    np.testing.assert_array_equal(read_validation_images(folder, CARD), 255 - IMAGES)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"no array at all", b"PK\x03\x04"])
def test_a_damaged_file_is_reported_in_a_sentence(folder, content):
    write_validation_images(folder, "digits", IMAGES)
    published(folder).write_bytes(content)
    with pytest.raises(CatalogueError, match=r"validation\.npy"):
        read_validation_images(folder, CARD)


def test_a_pickle_is_never_loaded(folder):
    write_validation_images(folder, "digits", IMAGES)
    np.save(published(folder), np.array([{"an": "object"}], dtype=object), allow_pickle=True)
    with pytest.raises(CatalogueError, match=r"validation\.npy cannot be read"):
        read_validation_images(folder, CARD)


@pytest.mark.parametrize("images", [IMAGES[:19], IMAGES[:, :7], IMAGES.astype(np.int16), IMAGES[..., 0]])
def test_images_of_another_data_set_are_refused(folder, images):
    write_validation_images(folder, "digits", images)
    with pytest.raises(CatalogueError, match="must hold 20 images of 8 x 8 x 1, but holds"):
        read_validation_images(folder, CARD)


def test_a_folder_that_cannot_be_written_is_reported_in_a_sentence(folder):
    (folder.artifacts / "datasets").touch()
    with pytest.raises(FolderUnusable):
        write_validation_images(folder, "digits", IMAGES)
