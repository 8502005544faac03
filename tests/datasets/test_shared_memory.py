"""Data sets that worker processes share."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from remap_core.datasets import shared_memory as room
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.shared_memory import KEPT, shared
from remap_core.training.device_data import resident

MAPS = Path("/proc/self/maps")


@pytest.fixture
def digits(monkeypatch):
    monkeypatch.setattr(room, "SHARED_FROM", 1)
    return load_dataset("digits")


def inodes_mapped(folder):
    lines = map(str.split, MAPS.read_text(encoding="utf-8").splitlines())
    return [int(line[4]) for line in lines if line[-1].startswith(str(folder))]


def test_the_shared_data_set_is_the_same_as_its_source(digits, tmp_path):
    common = shared(digits, tmp_path / "datasets")
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(common, part).images, getattr(digits, part).images)
        np.testing.assert_array_equal(getattr(common, part).labels, getattr(digits, part).labels)
    assert (common.name, common.class_names) == (digits.name, digits.class_names)


@pytest.mark.skipif(not MAPS.exists(), reason="what is mapped is only said on Linux")
def test_who_loads_it_twice_maps_one_file_and_training_on_it_copies_nothing(digits, tmp_path):
    first, second = (shared(load_dataset("digits"), tmp_path) for _ in range(2))
    files = [path.stat().st_ino for path in tmp_path.glob("*.npy")]
    assert len(files) == 3
    assert sorted(inodes_mapped(tmp_path)) == sorted(2 * files)
    assert resident(first, "cpu").train.pixels.data_ptr() == first.train.images.ctypes.data
    assert second.train.images.ctypes.data != first.train.images.ctypes.data


def test_what_is_learnt_with_never_reaches_the_file(digits, tmp_path):
    common = shared(digits, tmp_path)
    torch.from_numpy(common.train.images)[:] = 0
    np.testing.assert_array_equal(shared(digits, tmp_path).train.images, digits.train.images)


def test_images_that_changed_get_another_file_and_those_used_last_stay(digits, tmp_path):
    for shift in range(KEPT):
        moved = replace(digits.train, images=digits.train.images + np.uint8(shift))
        kept = shared(replace(digits, train=moved), tmp_path)
        np.testing.assert_array_equal(kept.train.images, moved.images)
    assert len(list(tmp_path.glob("*.npy"))) == KEPT
    assert not list(tmp_path.glob("*.unfinished"))


def test_small_data_sets_make_no_files(tmp_path):
    assert shared(load_dataset("digits"), tmp_path / "datasets").train.images.base is None
    assert not (tmp_path / "datasets").exists()


def test_where_no_file_can_be_kept_each_process_holds_the_images_for_itself_and_says_so(digits, tmp_path, caplog):
    (tmp_path / "datasets").write_text("in the way")
    assert shared(digits, tmp_path / "datasets") is digits
    assert "each worker process holds digits for itself" in caplog.text
