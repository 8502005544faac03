import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from image_sources import COLOUR, GREY, LABELS, PLAIN, images_by_part, labels_in, pixels_in, refusal
from PIL import Image

from remap_core.datasets.readers.arrays import parquet_pictures
from remap_core.datasets.readers.arrays.parquet_files import is_parquet, read_parquet
from remap_core.datasets.recipe import Choices
from remap_core.errors import DatasetError

NAMES = ["cat", "dog", "emu"]


def png(pixels) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def structs(images):
    return [{"bytes": png(image), "path": f"{place}.png"} for place, image in enumerate(images)]


def hugging(**labels):
    """The metadata that the package `datasets` writes."""
    features = {"image": {"_type": "Image"}} | {
        name: {"_type": "ClassLabel", "names": names} for name, names in labels.items()
    }
    return {"huggingface": json.dumps({"info": {"features": features}})}


def write(file, columns, metadata=None, **options):
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), file, **options)
    return file


@pytest.mark.parametrize(
    "images",
    [
        structs(COLOUR),
        [png(image) for image in COLOUR],
        COLOUR.tolist(),
        COLOUR.transpose(0, 3, 1, 2).tolist(),
        COLOUR.transpose(0, 3, 1, 2).reshape(24, -1).tolist(),
        (COLOUR / 255).tolist(),
        pa.array(list(COLOUR.transpose(0, 3, 1, 2).reshape(24, -1)), pa.list_(pa.uint8(), 192)),
    ],
)
def test_the_same_images_are_read_from_files_or_pixels_in_a_column(tmp_path, images):
    file = write(tmp_path / "x.parquet", {"image": images, "label": LABELS}, row_group_size=7)
    assert is_parquet(file, [])
    found = read_parquet(file, PLAIN)
    assert found.form == "parquet"
    assert (pixels_in(found) == COLOUR).all()
    assert found.labels.tolist() == LABELS.tolist()
    assert found.pictures.name(3) == "row 3"


def test_a_column_for_each_pixel_is_read(tmp_path):
    columns = {"label": LABELS} | {f"pixel{place}": column for place, column in enumerate(GREY.reshape(24, 64).T)}
    found = read_parquet(write(tmp_path / "x.parquet", columns), PLAIN)
    assert (pixels_in(found)[..., 0] == GREY).all()


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (np.array(NAMES)[LABELS], ["cat", "dog", "emu"]),
        (pa.array(np.array(NAMES)[LABELS]).dictionary_encode(), ["cat", "dog", "emu"]),
        (LABELS == 1, ["False", "True"]),
        (LABELS.astype(np.uint8) + 4, ["4", "5", "6"]),
        (LABELS.astype(float), ["0", "1", "2"]),
        (pa.array(np.array(["10", "9", "8"])[LABELS]), ["8", "9", "10"]),
    ],
)
def test_labels_of_any_type_are_classes(tmp_path, labels, names):
    file = write(tmp_path / "x.parquet", {"image": structs(GREY), "label": labels})
    assert list(read_parquet(file, PLAIN).class_names) == names


def test_class_names_come_from_the_metadata_and_minus_one_is_no_label(tmp_path):
    labels = np.where(np.arange(24) < 3, -1, LABELS)
    columns = {"image": structs(GREY), "kind": labels, "width": np.full(24, 8)}
    found = read_parquet(write(tmp_path / "x.parquet", columns, hugging(kind=NAMES)), PLAIN)
    assert labels_in(found) == [NAMES[label] for label in LABELS[3:]]
    assert (pixels_in(found)[..., 0] == GREY[3:]).all()
    assert found.pictures.name(0) == "row 3"
    assert "3 images left out: no label" in found.warnings[0]


@pytest.mark.parametrize(
    "names",
    [
        ("train-00000-of-00002", "train-00001-of-00002", "validation-00000-of-00001", "test-00000-of-00001"),
        ("train/0000", "train/0001", "validation/0000", "test/0000"),
        ("data/train", "data/train_1", "data/valid", "data/test"),
    ],
)
def test_parts_come_from_the_names_of_files_or_folders(tmp_path, names):
    rows = (slice(0, 8), slice(8, 12), slice(12, 18), slice(18, 24))
    for name, part in zip(names, rows, strict=True):
        write(tmp_path / f"{name}.parquet", {"image": structs(GREY[part]), "label": LABELS[part]}, row_group_size=3)
    found = read_parquet(tmp_path, PLAIN)
    assert images_by_part(found) == [12, 6, 6]
    assert (pixels_in(found)[..., 0] == GREY).all()
    assert found.labels.tolist() == LABELS.tolist()
    assert found.pictures.name(18) == f"{names[3]}.parquet row 0"


def test_a_file_without_labels_is_ignored_and_said(tmp_path):
    write(tmp_path / "train.parquet", {"image": structs(GREY), "label": LABELS, "kind": LABELS})
    write(tmp_path / "test.parquet", {"image": structs(GREY)})
    for choices in (PLAIN, Choices(label_column="kind")):
        found = read_parquet(tmp_path, choices)
        assert len(found.labels) == 24
        assert found.warnings == ("test.parquet has no column of labels: ignored.",)


@pytest.mark.parametrize("window_rows", [1, 3, 1000])
def test_threads_may_open_images_in_any_order(tmp_path, monkeypatch, window_rows):
    monkeypatch.setattr(parquet_pictures, "_WINDOW_ROWS", window_rows)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (200, 8, 8), dtype=np.uint8)
    labels = np.arange(200) % 2
    for name, rows in {"a": slice(0, 90), "b": slice(90, 200)}.items():
        write(tmp_path / f"{name}.parquet", {"image": structs(images[rows]), "label": labels[rows]}, row_group_size=25)
    pictures = read_parquet(tmp_path, PLAIN).pictures
    order = rng.permutation(np.repeat(np.arange(200), 3))
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda place: np.asarray(pictures.open(int(place))), order))
    assert (np.stack(opened) == images[order]).all()


def test_only_a_few_rows_are_in_memory(tmp_path):
    noise = [np.random.default_rng(place).bytes(1_000_000) for place in range(150)]
    columns = {"image": noise, "label": np.arange(150) % 2}
    pages = {"use_dictionary": False, "write_batch_size": 4}
    file = write(tmp_path / "x.parquet", columns, compression="none", **pages)
    del noise, columns
    pictures = read_parquet(file, PLAIN).pictures
    before = pa.total_allocated_bytes()
    for place in range(len(pictures)):
        with pytest.raises(DatasetError, match="it is not an image"):
            pictures.open(place)
        assert pa.total_allocated_bytes() - before < 100_000_000  # of 150 MB


def test_an_image_that_is_missing_or_damaged_is_an_error_when_it_is_opened(tmp_path):
    images = structs(GREY)
    images[3] = {"bytes": None, "path": "elsewhere.png"}
    images[4] = None
    images[5] = {"bytes": b"<html>", "path": None}
    pictures = read_parquet(write(tmp_path / "x.parquet", {"image": images, "label": LABELS}), PLAIN).pictures
    for place, rule in ((3, "no bytes of an image"), (4, "no bytes of an image"), (5, "it is a web page")):
        with pytest.raises(DatasetError, match=rule):
            pictures.open(place)
    assert np.asarray(pictures.open(6)).tolist() == GREY[6].tolist()


def test_postscript_is_not_run(tmp_path):
    out = io.BytesIO()
    Image.fromarray(COLOUR[0]).save(out, "EPS")
    images = [*structs(COLOUR[1:]), {"bytes": out.getvalue(), "path": None}]
    pictures = read_parquet(write(tmp_path / "x.parquet", {"image": images, "label": LABELS}), PLAIN).pictures
    with pytest.raises(DatasetError, match="it is not an image, or it is damaged"):
        pictures.open(23)


def test_pixels_of_another_size_are_skipped_and_listed(tmp_path):
    images = GREY.tolist()
    images[3] = [[1, 2], [3, 4]]
    images[7] = None
    found = read_parquet(write(tmp_path / "x.parquet", {"image": images, "label": LABELS}), PLAIN)
    assert [skipped.file for skipped in found.skipped] == ["row 3", "row 7"]
    assert labels_in(found) == np.delete(LABELS, [3, 7]).astype(str).tolist()
    assert (pixels_in(found)[..., 0] == np.delete(GREY, [3, 7], axis=0)).all()


def test_two_columns_that_could_be_the_label_are_asked_about(tmp_path):
    columns = {"image": structs(GREY), "fine_label": LABELS, "coarse_label": LABELS % 2}
    file = write(tmp_path / "x.parquet", columns, hugging(fine_label=NAMES, coarse_label=["pet", "other"]))
    sentence = "2 columns could be the label: fine_label, coarse_label. Choose one with --label-column NAME."
    assert refusal(read_parquet, file).endswith(sentence)
    assert read_parquet(file, Choices(label_column="coarse_label")).class_names == ("other", "pet")[::-1]
    assert "there is no column 'x', only fine_label, coarse_label." in refusal(
        read_parquet, file, Choices(label_column="x")
    )


def test_two_columns_of_images_are_asked_about_unless_one_is_called_so(tmp_path):
    columns = {"left": structs(GREY), "right": structs(GREY[::-1]), "label": LABELS}
    file = write(tmp_path / "x.parquet", columns)
    assert refusal(read_parquet, file).endswith(
        "2 columns could be the images: left, right. Choose one with --file-column NAME."
    )
    found = read_parquet(file, Choices(file_column="right"))
    assert (pixels_in(found)[..., 0] == GREY[::-1]).all()
    columns = {"mask": structs(GREY[::-1]), "image": structs(GREY), "label": LABELS}
    assert (pixels_in(read_parquet(write(file, columns), PLAIN))[..., 0] == GREY).all()


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"image": structs(GREY)}, "no column of labels found"),
        ({"image": structs(GREY), "label": LABELS * 0}, "there must be 2 to"),
        ({"image": structs(GREY), "label": LABELS + 0.37}, "but one is 0.37."),
        ({"image": structs(GREY), "label": np.arange(24)}, "24 different labels for 24 images"),
        ({"image": pa.array(structs(GREY))[:0], "label": LABELS[:0]}, "there must be at least one image"),
        ({"image": pa.array(GREY.tolist())[:0], "label": LABELS[:0]}, "there must be at least one image"),
        ({"image": [[1], [1, 2]] * 12, "label": LABELS}, "these have 1."),
        ({"image": [[[1], [1, 2]]] * 24, "label": LABELS}, "must have its pixels in lists of equal length"),
        (
            {"image": [[1] * place for place in range(1, 25)], "label": LABELS},
            "images must be of one size, but 23 of 24",
        ),
        ({"a": LABELS, "b": LABELS}, "columns of numbers besides the label, but it has 2."),
    ],
)
def test_files_that_break_a_rule_are_refused_with_the_rule(tmp_path, columns, rule):
    assert rule in refusal(read_parquet, write(tmp_path / "x.parquet", columns))


def test_files_with_different_columns_are_refused(tmp_path):
    write(tmp_path / "a.parquet", {"image": structs(GREY), "label": LABELS})
    write(tmp_path / "b.parquet", {"picture": structs(GREY), "label": LABELS})
    assert "the same columns and classes, but b.parquet and a.parquet differ." in refusal(read_parquet, tmp_path)


@pytest.mark.parametrize("size", [4, 100, -1])
def test_an_incomplete_file_is_refused(tmp_path, size):
    file = write(tmp_path / "x.parquet", {"image": structs(GREY), "label": LABELS})
    file.write_bytes(file.read_bytes()[:size])
    assert "x.parquet is damaged (ArrowInvalid: " in refusal(read_parquet, file)


def test_another_file_of_this_ending_is_not_taken_for_parquet(tmp_path):
    (tmp_path / "x.parquet").write_text("hello")
    assert not is_parquet(tmp_path, [tmp_path / "x.parquet"])
    assert "there is no parquet file." in refusal(read_parquet, tmp_path)
