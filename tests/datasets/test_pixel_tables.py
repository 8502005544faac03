import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_sources import COLOUR, GREY, LABELS, PLAIN, images_by_part, labels_in, pixels_in, refusal

from remap_core.datasets.readers.arrays.pixel_tables import is_pixel_table, read_pixel_tables
from remap_core.datasets.recipe import Choices

FLAT = GREY.reshape(24, 64)
PIXELS = [f"pixel{place}" for place in range(64)]


def write(file, columns, *, header=True, delimiter=",", rows=slice(None)):
    """A table of columns, name -> (n,) values."""
    values = [[str(value) for value in column[rows]] for column in columns.values()]
    lines = [list(columns)] if header else []
    lines += map(list, zip(*values, strict=True))
    content = "".join(delimiter.join(line) + "\n" for line in lines).encode()
    file.write_bytes(gzip.compress(content) if file.name.endswith(".gz") else content)
    return file


def table(label="label", labels=LABELS, flat=FLAT, last=False):
    pixels = dict(zip(PIXELS, flat.T, strict=True))
    if last:
        return pixels | {label: labels}
    return {label: labels} | pixels


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    label=st.sampled_from(["label", "Class", "target", "y", "species"]),
    last=st.booleans(),
    header=st.booleans(),
    delimiter=st.sampled_from([",", ";", "\t"]),
    ending=st.sampled_from([".csv", ".csv.gz"]),
    text=st.booleans(),
)
def test_the_same_images_are_read_from_a_table_of_any_kind(tmp_path, label, last, header, delimiter, ending, text):
    labels = np.array(["a", "b", "c"])[LABELS] if text else LABELS
    file = tmp_path / f"x{ending}"
    write(file, table(label, labels, last=last), header=header, delimiter=delimiter)
    assert is_pixel_table(file, [])
    found = read_pixel_tables(file, PLAIN)
    assert found.form == "table of pixels"
    assert (pixels_in(found)[..., 0] == GREY).all()
    assert labels_in(found) == labels.astype(str).tolist()


def test_colour_rows_are_read_as_planes(tmp_path):
    flat = COLOUR.transpose(0, 3, 1, 2).reshape(24, -1)
    columns = {"label": LABELS} | {f"p{place}": column for place, column in enumerate(flat.T)}
    found = read_pixel_tables(write(tmp_path / "x.csv", columns), PLAIN)
    assert (pixels_in(found) == COLOUR).all()


def test_floats_and_decimal_commas_are_read(tmp_path):
    shares = np.char.replace((FLAT / 255).round(6).astype(str), ".", ",")
    found = read_pixel_tables(write(tmp_path / "x.csv", table(flat=shares), delimiter=";"), PLAIN)
    assert (pixels_in(found)[..., 0] == GREY).all()


@pytest.mark.parametrize("index", ["", "id", "Unnamed: 0"])
def test_a_column_that_numbers_the_rows_is_no_pixel(tmp_path, index):
    columns = {index: np.arange(24)} | table()
    found = read_pixel_tables(write(tmp_path / "x.csv", columns), PLAIN)
    assert (pixels_in(found)[..., 0] == GREY).all()


def test_columns_that_pandas_numbered_are_a_header(tmp_path):
    columns = {str(place): column for place, column in enumerate([LABELS, *FLAT.T])}
    found = read_pixel_tables(write(tmp_path / "x.csv", columns), PLAIN)
    assert (pixels_in(found)[..., 0] == GREY).all()
    assert labels_in(found) == LABELS.astype(str).tolist()


def test_train_and_test_are_read_and_a_test_without_labels_is_ignored(tmp_path):
    write(tmp_path / "mnist_train.csv", table(), rows=slice(0, 18))
    write(tmp_path / "mnist_test.csv", table(), rows=slice(18, 24))
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    assert is_pixel_table(tmp_path, list(tmp_path.iterdir()))
    assert images_by_part(read_pixel_tables(tmp_path, PLAIN)) == [18, 0, 6]
    unlabelled = table()
    del unlabelled["label"]
    write(tmp_path / "mnist_test.csv", unlabelled)
    found = read_pixel_tables(tmp_path, PLAIN)
    assert len(found.labels) == 18
    assert found.parts is None
    assert found.warnings == ("mnist_test.csv has no column of labels: ignored.",)


def test_two_columns_that_could_be_the_label_are_asked_about(tmp_path):
    columns = {"class": LABELS % 2} | table()
    write(tmp_path / "x.csv", columns)
    sentence = refusal(read_pixel_tables, tmp_path / "x.csv")
    assert sentence.endswith("2 columns could be the label: class, label. Choose one with --label-column NAME.")
    found = read_pixel_tables(tmp_path / "x.csv", Choices(label_column="class"))
    assert found.class_names == ("0", "1")
    unknown = refusal(read_pixel_tables, tmp_path / "x.csv", Choices(label_column="kind"))
    assert "there is no column 'kind', only class, label, pixel0, " in unknown
    assert "and 56 more." in unknown


def test_the_chosen_column_may_be_missing_in_a_table_without_labels(tmp_path):
    write(tmp_path / "train.csv", {"class": LABELS % 2} | table())
    unlabelled = table()
    del unlabelled["label"]
    write(tmp_path / "test.csv", unlabelled)
    found = read_pixel_tables(tmp_path, Choices(label_column="class"))
    assert found.warnings == ("test.csv has no column of labels: ignored.",)


def test_rows_that_are_too_short_or_have_gaps_are_skipped_and_listed(tmp_path):
    lines = write(tmp_path / "x.csv", table()).read_text().splitlines()
    lines[3] = "1,2,3"
    lines[5] = lines[5].rsplit(",", 1)[0] + ","
    (tmp_path / "x.csv").write_text("\n".join(lines))
    found = read_pixel_tables(tmp_path / "x.csv", PLAIN)
    assert [tuple(skipped) for skipped in found.skipped] == [
        ("x.csv line 4", "it has 3 columns, but 65 are needed."),
        ("row 3", "it holds NaN or infinity"),
    ]
    assert len(found.labels) == 22


def test_a_table_that_begins_with_a_byte_order_mark_is_read(tmp_path):
    file = write(tmp_path / "x.csv", table())
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert len(read_pixel_tables(file, PLAIN).labels) == 24


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        (dict(zip(PIXELS, FLAT.T, strict=True)), "no column of labels found"),
        (table(labels=np.arange(24)), "24 different labels for 24 images"),
        (table(labels=LABELS * 0), "there must be 2 to"),
        (table(labels=LABELS + 0.37), "labels must be whole numbers or names of classes, but one is 0.37."),
    ],
)
def test_tables_that_break_a_rule_are_refused_with_the_rule(tmp_path, columns, rule):
    assert rule in refusal(read_pixel_tables, write(tmp_path / "x.csv", columns))


def test_text_among_the_pixels_is_refused_with_its_line(tmp_path):
    lines = write(tmp_path / "x.csv", table()).read_text().splitlines()
    lines[-1] = lines[-1].rsplit(",", 1)[0] + ",black"
    (tmp_path / "x.csv").write_text("\n".join(lines))
    assert "invalid value 'black'" in refusal(read_pixel_tables, tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (lambda content: content[:-6] + b"xx" + content[-4:], "the table cannot be read (OSError: zlib inflate failed"),
        (lambda content: content[:-20], "the table cannot be read (OSError: "),
        (lambda content: content[:20] + b"xx" * 10 + content[40:], "there is no table with at least 16 columns"),
    ],
)
def test_damaged_gzip_is_refused(tmp_path, damage, rule):
    file = write(tmp_path / "x.csv.gz", table(labels=np.tile(LABELS, 20), flat=np.tile(FLAT, (20, 1))))
    file.write_bytes(damage(file.read_bytes()))
    assert rule in refusal(read_pixel_tables, file)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'"a\nb\n',
        b"x" * 200_000 + b"\n1\n",
        b"a,b\n1,2\n",
        b"file,label\na.png,cat\n",
        bytes(1000),
        b"," * 64,
        b"\x1f\x8b",
        b"\n\n\n",
        b'"' + b"1," * 64,
    ],
)
def test_other_tables_are_not_taken_for_tables_of_pixels(tmp_path, content):
    (tmp_path / "x.csv").write_bytes(content)
    assert not is_pixel_table(tmp_path / "x.csv", [])
    assert "there is no table with at least 16 columns of pixels" in refusal(read_pixel_tables, tmp_path)
