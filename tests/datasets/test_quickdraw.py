"""Folders of Quick, Draw! bitmaps."""

import numpy as np
import pytest
from image_sources import PLAIN, pixels_in, refusal

from remap_core.datasets.readers.arrays.quickdraw import is_quickdraw, read_quickdraw


def test_of_a_librarys_long_error_only_the_first_line_is_shown(drawings):
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': (30, 784), {' ' * 20_000}}}\n".encode()
    file = drawings / "apple.npy"
    file.write_bytes(b"\x93NUMPY\x02\x00" + len(head).to_bytes(4, "little") + head + bytes(30 * 784))
    assert refusal(read_quickdraw, drawings).startswith(
        f"{file}: the file cannot be read (ValueError: Header info length (20"
    )
    assert "allow_pickle" not in refusal(read_quickdraw, drawings)


@pytest.mark.parametrize(
    ("bitmaps", "rule"),
    [
        (
            np.zeros((20, 28, 27), np.uint8),
            "bitmaps must be (n, 784) or (n, 28, 28) uint8, but these are uint8 of shape (20, 28, 27).",
        ),
        (
            np.zeros((20, 784)),
            "bitmaps must be (n, 784) or (n, 28, 28) uint8, but these are float64 of shape (20, 784).",
        ),
        (np.uint8(7), "bitmaps must be (n, 784) or (n, 28, 28) uint8, but these are uint8 of shape ()."),
        (
            np.array([{}] * 20, dtype=object),
            "the file cannot be read (ValueError: Array can't be memory-mapped: Python",
        ),
    ],
)
def test_bitmaps_that_break_a_rule_are_rejected_with_the_file(drawings, bitmaps, rule):
    np.save(drawings / "apple.npy", bitmaps, allow_pickle=True)
    assert refusal(read_quickdraw, drawings).startswith(f"{drawings}/apple.npy: {rule}")


@pytest.mark.parametrize("size", [0, 5, 60, 300, -1])
def test_an_incomplete_file_of_bitmaps_is_rejected(drawings, size):
    file = drawings / "apple.npy"
    file.write_bytes(file.read_bytes()[:size])
    assert refusal(read_quickdraw, drawings).startswith(f"{file}: the file cannot be read (ValueError: ")


def test_found_bitmaps_are_sorted_by_class_and_read_when_they_are_opened(drawings):
    assert is_quickdraw(drawings, list(drawings.iterdir()))
    np.save(drawings / "bee.npy", np.load(drawings / "apple.npy").reshape(30, 28, 28))
    np.save(drawings / "cup.npy", np.zeros((0, 784), np.uint8))
    found = read_quickdraw(drawings, PLAIN)
    assert found.form == "Quick, Draw! bitmaps"
    assert found.class_names == ("alarm clock", "apple", "bee")
    assert np.bincount(found.labels).tolist() == [20, 30, 30]
    assert found.warnings == ("cup.npy has no images: ignored.",)
    assert found.pictures.name(19) == "full_numpy_bitmap_alarm clock.npy row 19"
    assert found.pictures.name(20) == "apple.npy row 0"
    apples = np.load(drawings / "apple.npy").reshape(30, 28, 28)
    assert (pixels_in(found)[20:50, ..., 0] == apples).all()
    assert (pixels_in(found)[50:, ..., 0] == apples).all()
    assert isinstance(found.pictures.bitmaps[0], np.memmap)


def test_found_bitmaps_of_one_class_or_of_another_size_are_refused_by_name(drawings):
    np.save(drawings / "apple.npy", np.zeros((30, 100), np.uint8))
    assert not is_quickdraw(drawings, list(drawings.iterdir()))
    sentence = refusal(read_quickdraw, drawings)
    assert (
        "apple.npy: bitmaps must be (n, 784) or (n, 28, 28) uint8, but these are uint8 of shape (30, 100)" in sentence
    )
    (drawings / "apple.npy").unlink()
    assert "there must be 2 to" in refusal(read_quickdraw, drawings)
