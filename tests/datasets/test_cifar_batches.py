import os
import pickle

import numpy as np
import pytest
from image_sources import PLAIN, images_by_part, labels_in, pixels_in, refusal

from remap_core.datasets.readers.arrays.cifar_batches import is_cifar, read_cifar
from remap_core.datasets.recipe import Choices

N = 12
PIXELS = np.random.default_rng(3).integers(0, 256, (N, 32, 32, 3), dtype=np.uint8)
ROWS = PIXELS.transpose(0, 3, 1, 2).reshape(N, 3072)
LABELS = (np.arange(N) % 3).tolist()
NAMES = ["cat", "dog", "emu"]


def python_2_text(text: bytes) -> bytes:
    """BINSTRING, which Python 3 no longer writes."""
    return b"T" + len(text).to_bytes(4, "little") + text


def python_2_pickle(rows, labels) -> bytes:
    """What Python 2 and numpy 1 wrote in protocol 2: text and bytes are the same, arrays have a state."""
    dtype = b"cnumpy\ndtype\n" + python_2_text(b"u1") + b"K\x00K\x01\x87R"
    dtype += b"(K\x03" + python_2_text(b"|") + b"NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + python_2_text(b"b") + b"\x87R"
    shape = b"M" + len(rows).to_bytes(2, "little") + b"M\x00\x0c\x86"
    array += b"(K\x01" + shape + dtype + b"\x89" + python_2_text(rows.tobytes()) + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + python_2_text(b"data") + array + python_2_text(b"labels") + numbers + b"u."


def python_3_pickle(protocol, as_bytes, order="C"):
    def write(rows, labels, key="labels"):
        batch = {"data": np.asarray(rows, order=order), key: labels, "batch_label": "training batch 1 of 5"}
        if as_bytes:
            batch = {name.encode(): value for name, value in batch.items()}
        return pickle.dumps(batch, protocol)

    return write


WRITERS = [
    python_2_pickle,
    *(python_3_pickle(protocol, as_bytes) for protocol in (2, 3, 4, 5) for as_bytes in (True, False)),
    python_3_pickle(2, False, "F"),
    python_3_pickle(5, False, "F"),
]


@pytest.mark.parametrize("write", WRITERS)
def test_batches_of_any_python_and_numpy_are_read(tmp_path, write):
    (tmp_path / "data_batch_1").write_bytes(write(ROWS[:6], LABELS[:6]))
    (tmp_path / "data_batch_2").write_bytes(write(ROWS[6:9], LABELS[6:9]))
    (tmp_path / "test_batch").write_bytes(write(ROWS[9:], LABELS[9:]))
    (tmp_path / "batches.meta").write_bytes(pickle.dumps({b"label_names": [name.encode() for name in NAMES]}))
    assert is_cifar(tmp_path, list(tmp_path.iterdir()))
    found = read_cifar(tmp_path, PLAIN)
    assert found.form == "CIFAR batches"
    assert (pixels_in(found) == PIXELS).all()
    assert labels_in(found) == [NAMES[label] for label in LABELS]
    assert images_by_part(found) == [9, 0, 3]
    assert found.pictures.name(10) == "test_batch row 1"


def test_the_writer_of_python_2_pickles_writes_what_python_reads():
    batch = pickle.loads(python_2_pickle(ROWS, LABELS), encoding="bytes")  # noqa: S301 (our own)
    assert (batch[b"data"] == ROWS).all()
    assert batch[b"labels"] == LABELS


@pytest.fixture
def hundred(tmp_path):
    for name, rows in {"train": slice(0, 9), "test": slice(9, 12)}.items():
        batch = {b"data": ROWS[rows], b"fine_labels": LABELS[rows], b"coarse_labels": [k % 2 for k in LABELS[rows]]}
        (tmp_path / name).write_bytes(pickle.dumps(batch, 2))
    meta = {b"fine_label_names": [name.encode() for name in NAMES], b"coarse_label_names": [b"pet", b"other"]}
    (tmp_path / "meta").write_bytes(pickle.dumps(meta, 2))
    return tmp_path


def test_cifar_100_has_fine_classes_unless_the_coarse_are_chosen(hundred):
    assert read_cifar(hundred, PLAIN).class_names == ("cat", "dog", "emu")
    assert read_cifar(hundred, Choices(label_column="coarse_labels")).class_names == ("pet", "other")
    wrong = Choices(label_column="label")
    rule = "the label column must be one of fine_labels, coarse_labels, but got 'label'."
    assert rule in refusal(read_cifar, hundred, wrong)


def test_binary_batches_are_read(tmp_path):
    records = np.concatenate([np.array(LABELS, np.uint8)[:, None], ROWS], axis=1)
    (tmp_path / "data_batch_1.bin").write_bytes(records[:9].tobytes())
    (tmp_path / "test_batch.bin").write_bytes(records[9:].tobytes())
    (tmp_path / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    found = read_cifar(tmp_path, PLAIN)
    assert (pixels_in(found) == PIXELS).all()
    assert labels_in(found) == [NAMES[label] for label in LABELS]
    assert images_by_part(found) == [9, 0, 3]


def test_binary_cifar_100_has_two_labels_an_image(tmp_path):
    fine = np.array(LABELS, np.uint8)[:, None]
    records = np.concatenate([fine % 2, fine, ROWS], axis=1)
    (tmp_path / "train.bin").write_bytes(records[:9].tobytes())
    (tmp_path / "test.bin").write_bytes(records[9:].tobytes())
    (tmp_path / "fine_label_names.txt").write_text("\n".join(NAMES))
    found = read_cifar(tmp_path, PLAIN)
    assert labels_in(found) == [NAMES[label] for label in LABELS]
    assert (pixels_in(found) == PIXELS).all()


class Bomb:
    def __init__(self, victim):
        self.victim = victim

    def __reduce__(self):
        return os.system, (f"touch {self.victim}",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    ("hide", "rule"),
    [
        (lambda bomb: bomb, "the pickle would call"),
        (lambda bomb: {"data": bomb, "labels": LABELS}, "data must be an array of numbers, but it is"),
        (lambda bomb: {"data": ROWS, "labels": bomb}, "labels must be an array of numbers, but it is"),
        (lambda bomb: {"data": ROWS, "labels": [bomb] * N}, "labels must be integers."),
    ],
)
def test_a_malicious_pickle_runs_nothing_and_is_refused_in_one_sentence(tmp_path, protocol, hide, rule):
    victim = tmp_path / "victim"
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(hide(Bomb(victim)), protocol))
    assert rule in refusal(read_cifar, tmp_path)
    assert not victim.exists()


def test_what_a_batch_holds_beside_its_data_is_inert(tmp_path):
    victim = tmp_path / "victim"
    batch = {"data": ROWS, "labels": LABELS, "filenames": Bomb(victim)}
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(batch))
    assert len(read_cifar(tmp_path, PLAIN).labels) == N
    assert not victim.exists()


@pytest.mark.parametrize(
    ("batch", "rule"),
    [
        ([1, 2], "the pickle holds no dictionary, but list."),
        ({"labels": LABELS}, "must have data and labels, but this pickle has no data."),
        ({"data": ROWS}, "must have labels or fine_labels or coarse_labels, but this pickle has neither."),
        (
            {"data": ROWS[:, :100], "labels": LABELS},
            "data must be (n, 3072) uint8, but it is uint8 of shape (12, 100).",
        ),
        ({"data": ROWS / 1, "labels": LABELS}, "data must be (n, 3072) uint8, but it is float64 of shape (12, 3072)."),
        ({"data": ROWS.astype(object), "labels": LABELS}, "data must be an array of numbers, but it is numpy"),
        ({"data": ROWS, "labels": LABELS[:5]}, "12 images and 5 labels"),
        ({"data": ROWS, "labels": [0] * N}, "there must be 2 to"),
    ],
)
def test_a_batch_that_breaks_a_rule_is_refused_with_the_rule(tmp_path, batch, rule):
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(batch))
    assert rule in refusal(read_cifar, tmp_path)


@pytest.mark.parametrize("old", [b"u1", b"_reconstruct"])
def test_a_forged_record_of_an_array_is_refused(tmp_path, old):
    content = pickle.dumps({"data": ROWS, "labels": LABELS})
    assert old in content
    (tmp_path / "data_batch_1").write_bytes(content.replace(old, b"?" * len(old), 1))
    assert "data must be an array of numbers, but it is numpy" in refusal(read_cifar, tmp_path)


def test_an_incomplete_batch_is_refused(tmp_path):
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({"data": ROWS, "labels": LABELS})[:-100])
    assert "this is not a batch of CIFAR: the pickle is damaged" in refusal(read_cifar, tmp_path)


def test_names_that_are_missing_in_the_meta_file_are_an_error(hundred):
    (hundred / "meta").write_bytes(pickle.dumps({}))
    assert "meta: the file must hold fine_label_names, but it does not." in refusal(read_cifar, hundred)


@pytest.mark.parametrize("name", ["train", "test_batch", "data_batch_1"])
def test_other_files_of_these_names_are_not_taken_for_batches(tmp_path, name):
    (tmp_path / name).write_text("hello")
    assert not is_cifar(tmp_path, [tmp_path / name])
    assert "there are no batches of CIFAR" in refusal(read_cifar, tmp_path)
