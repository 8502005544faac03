"""Data sets that worker processes share."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from remap_core.datasets import shared_memory
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.shared_memory import MAX_FILES, share_images
from remap_core.training.device_data import dataset_on_device

MAPS = Path("/proc/self/maps")


@pytest.fixture
def digits(monkeypatch):
    monkeypatch.setattr(shared_memory, "MIN_SHARED_BYTES", 1)
    return load_dataset("digits")


def inodes_mapped(folder):
    lines = map(str.split, MAPS.read_text(encoding="utf-8").splitlines())
    return [int(line[4]) for line in lines if line[-1].startswith(str(folder))]


def test_the_shared_data_set_is_the_same_as_its_source(digits, tmp_path):
    shared = share_images(digits, tmp_path / "datasets")
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(shared, part).images, getattr(digits, part).images)
        np.testing.assert_array_equal(getattr(shared, part).labels, getattr(digits, part).labels)
    assert (shared.name, shared.class_names) == (digits.name, digits.class_names)


@pytest.mark.skipif(not MAPS.exists(), reason="only Linux lists mapped files")
def test_loading_it_twice_maps_one_file_and_training_on_it_copies_nothing(digits, tmp_path):
    first, second = (share_images(load_dataset("digits"), tmp_path) for _ in range(2))
    files = [path.stat().st_ino for path in tmp_path.glob("*.npy")]
    assert len(files) == 3
    assert sorted(inodes_mapped(tmp_path)) == sorted(2 * files)
    assert dataset_on_device(first, "cpu").train.pixels.data_ptr() == first.train.images.ctypes.data
    assert second.train.images.ctypes.data != first.train.images.ctypes.data


def test_writing_to_shared_images_does_not_change_the_file(digits, tmp_path):
    shared = share_images(digits, tmp_path)
    torch.from_numpy(shared.train.images)[:] = 0
    np.testing.assert_array_equal(share_images(digits, tmp_path).train.images, digits.train.images)


def test_changed_images_get_another_file_and_the_most_recently_used_files_stay(digits, tmp_path):
    for shift in range(MAX_FILES):
        changed = replace(digits.train, images=digits.train.images + np.uint8(shift))
        shared = share_images(replace(digits, train=changed), tmp_path)
        np.testing.assert_array_equal(shared.train.images, changed.images)
    assert len(list(tmp_path.glob("*.npy"))) == MAX_FILES
    assert not list(tmp_path.glob("*.unfinished"))


def test_small_data_sets_are_not_written_to_files(tmp_path):
    assert share_images(load_dataset("digits"), tmp_path / "datasets").train.images.base is None
    assert not (tmp_path / "datasets").exists()


def test_where_files_cannot_be_written_each_process_keeps_its_own_copy_and_logs_it(digits, tmp_path, caplog):
    (tmp_path / "datasets").write_text("in the way")
    assert share_images(digits, tmp_path / "datasets") is digits
    assert "each worker process keeps its own copy of digits" in caplog.text
