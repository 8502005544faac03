import gzip
import struct

import numpy as np
import pytest
from image_sources import GREY, LABELS, PLAIN, images_by_part, labels_in, pixels_in, refusal

from remap_core.datasets.readers.arrays.idx_files import is_idx, read_idx

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def idx(array, shape=None):
    """An idx file of an array, which may lie about its shape."""
    shape = shape or array.shape
    head = struct.pack(f">HBB{len(shape)}I", 0, CODES[array.dtype.name], len(shape), *shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(folder, names, rows=slice(None)):
    images, labels = names
    for name, array in ((images, GREY[rows]), (labels, LABELS[rows].astype(np.uint8))):
        content = idx(array)
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def files_in(folder):
    return [file for file in folder.rglob("*") if file.is_file()]


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (
            ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
            ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
        ),
        (("train-images.idx3-ubyte", "train-labels.idx1-ubyte"), ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte")),
        (("a/train-images-idx3-ubyte", "a/train-labels-idx1-ubyte"), ("a/test-images-idx3", "a/test-labels-idx1")),
        (("train/images.idx", "train/labels.idx"), ("test/images.idx", "test/labels.idx")),
        (
            ("train-images-idx3-ubyte/train-images-idx3-ubyte", "train-labels-idx1-ubyte/train-labels-idx1-ubyte"),
            ("t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte"),
        ),
    ],
)
def test_two_pairs_of_files_are_images_to_train_and_to_test(tmp_path, train, test):
    write(tmp_path, train, slice(0, 18))
    write(tmp_path, test, slice(18, 24))
    assert is_idx(tmp_path, files_in(tmp_path))
    found = read_idx(tmp_path, PLAIN)
    assert found.form == "idx files (MNIST)"
    assert images_by_part(found) == [18, 0, 6]
    assert (pixels_in(found)[..., 0] == GREY).all()
    assert found.labels.tolist() == LABELS.tolist()


def test_one_file_is_read_with_the_labels_next_to_it(tmp_path):
    write(tmp_path, ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), slice(0, 18))
    write(tmp_path, ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"), slice(18, 24))
    found = read_idx(tmp_path / "t10k-images-idx3-ubyte", PLAIN)
    assert len(found.labels) == 6
    assert found.parts is None


def test_a_file_and_its_gzipped_copy_count_once(tmp_path):
    write(tmp_path, ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"))
    write(tmp_path, ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"))
    assert len(read_idx(tmp_path, PLAIN).labels) == 24


def test_images_without_labels_are_ignored_and_said(tmp_path):
    write(tmp_path, ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"))
    write(tmp_path, ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"))
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    found = read_idx(tmp_path, PLAIN)
    assert len(found.labels) == 24
    assert found.warnings == ("t10k-images-idx3-ubyte has no labels: ignored.",)


def test_emnist_is_turned_upright_and_said(tmp_path):
    write(tmp_path, ("emnist-letters-train-images-idx3-ubyte.gz", "emnist-letters-train-labels-idx1-ubyte.gz"))
    found = read_idx(tmp_path, PLAIN)
    assert (pixels_in(found)[..., 0] == GREY.transpose(0, 2, 1)).all()
    assert found.warnings == ("EMNIST stores its images sideways: they were turned upright.",)


@pytest.mark.parametrize("kind", ["int16", "int32", "float32", "float64"])
def test_other_types_are_read(tmp_path, kind):
    (tmp_path / "images").write_bytes(idx(GREY.astype(kind)))
    (tmp_path / "labels").write_bytes(idx(LABELS.astype(np.int32) + 5))
    found = read_idx(tmp_path, PLAIN)
    assert (pixels_in(found)[..., 0] == GREY).all()
    assert labels_in(found)[:3] == ["5", "6", "7"]


def test_two_data_sets_in_a_folder_are_refused_by_name(tmp_path):
    for name in ("emnist-letters", "emnist-digits"):
        write(tmp_path, (f"{name}-train-images-idx3-ubyte", f"{name}-train-labels-idx1-ubyte"))
    assert "of one data set, but they are of emnist-digits, emnist-letters: put" in refusal(read_idx, tmp_path)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (idx(GREY)[:-3], "images-idx3 must have 1,536 bytes after its header, but it has 1,533."),
        (idx(GREY) + b"xx", "images-idx3 must have 1,536 bytes after its header, but it has more."),
        (gzip.compress(idx(GREY))[:-20], "images-idx3 is damaged (EOFError: "),
        (idx(GREY, shape=(2**31, 2**16, 2**12)), "must fit into memory, but it needs"),
        (idx(GREY[:0]), "there must be at least one image, but the shape of images is (0, 8, 8)."),
        (gzip.compress(idx(GREY) + bytes(50_000_000)), "must have 1,536 bytes after its header, but it has more."),
        (idx(GREY[:20]), "there must be as many labels as images, but there are 20 images and 24 labels."),
    ],
)
def test_files_that_break_a_rule_are_refused_with_the_rule(tmp_path, content, rule):
    write(tmp_path, ("images-idx3", "labels-idx1"))
    (tmp_path / "images-idx3").write_bytes(content)
    assert rule in refusal(read_idx, tmp_path)


def test_images_alone_and_no_images_are_refused(tmp_path):
    assert "there is no idx file of images (3 axes)." in refusal(read_idx, tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(GREY))
    sentence = refusal(read_idx, tmp_path)
    assert "train-images-idx3-ubyte needs a file of labels next to it, such as train-labels-idx1-ubyte." in sentence
    assert refusal(read_idx, tmp_path / "none").endswith("there is no such file.")


@pytest.mark.parametrize("content", [b"", b"\0\0", b"\0\0\x08\x03", b"\x1f\x8b", b"\x89PNG\r\n", b"\0\0\1\0\1\0"])
def test_other_files_are_not_taken_for_idx_files(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    assert not is_idx(tmp_path / "x", [])
