"""Images beside a table that says their classes: any names of columns, any separator, with and without endings."""

import pytest
from image_folders import picture, problem_of, report_on


@pytest.fixture
def birds(tmp_path):
    """A folder with 20 images in a folder that says nothing."""
    (tmp_path / "birds" / "images").mkdir(parents=True)
    for place in range(20):
        picture().save(tmp_path / "birds" / "images" / f"b{place}.png")
    return tmp_path / "birds"


def write_table(folder, rows, name="labels.csv", separator=",", encoding="utf-8"):
    text = "\n".join(separator.join(map(str, row)) for row in rows)
    (folder / name).write_bytes(text.encode(encoding))


def rows_of(file="b{}.png", labels=("owl", "tit")):
    return [(file.format(place), labels[place % len(labels)]) for place in range(20)]


@pytest.mark.parametrize(
    ("header", "file"),
    [
        (("File Name", "Label"), "b{}.png"),
        (("id", "breed"), "b{}"),
        (("path", "class"), "images/b{}.png"),
        (("path", "class"), "/home/ann/birds/images/b{}.png"),
        (("path", "class"), "images\\b{}.png"),
        (("IMAGE", "whatever it is"), "B{}.PNG"),
    ],
)
def test_the_columns_are_found_whatever_their_names_are(birds, header, file):
    write_table(birds, [header, *rows_of(file)])
    report = report_on(birds)
    assert (report.form, report.class_names) == ("images and a label table (labels.csv)", ("owl", "tit"))
    assert (report.images, report.recipe.file_column, report.recipe.label_column) == (20, *header)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separators_and_encodings_of_spreadsheets(birds, separator, encoding):
    write_table(birds, [("file", "Label"), *rows_of(labels=("Bläßhuhn", "Kauz"))], "t.csv", separator, encoding)
    assert report_on(birds).class_names == ("Bläßhuhn", "Kauz")


def test_a_list_without_a_header_separated_by_spaces(birds):
    write_table(birds, rows_of(), "list.txt", " ")
    assert (report_on(birds).images, report_on(birds).class_names) == (20, ("owl", "tit"))


def test_a_column_for_each_class(birds):
    rows = [(f"b{place}", float(place % 2 == 0), float(place % 2 == 1)) for place in range(20)]
    write_table(birds, [("image", "owl", "tit"), *rows])
    assert (report_on(birds).images, report_on(birds).class_names) == (20, ("owl", "tit"))


def test_a_row_without_a_class_among_columns_for_each_class_is_left_out(birds):
    rows = [(f"b{place}", float(place % 2 == 0), float(place % 2 == 1)) for place in range(19)]
    write_table(birds, [("image", "owl", "tit"), *rows[:12]], "train.csv")
    write_table(birds, [("image", "owl", "tit"), *rows[12:], ("b19", 0.0, 0.0)], "test.csv")
    report = report_on(birds)
    assert (report.images, report.class_names) == (19, ("owl", "tit"))
    assert "1 image left out: no class in train.csv." in report.warnings


def test_a_column_that_says_the_split_is_kept(birds):
    parts = ["train"] * 14 + ["valid"] * 2 + ["test"] * 4
    rows = [(file, label, part) for (file, label), part in zip(rows_of(), parts, strict=True)]
    write_table(birds, [("file", "label", "set"), *rows])
    assert report_on(birds).split == (14, 2, 4)


def test_a_table_for_each_part(birds):
    write_table(birds, [("file", "label"), *rows_of()[:14]], "train.csv")
    write_table(birds, [("file", "label"), *rows_of()[14:]], "test.csv")
    report = report_on(birds)
    assert (report.images, report.split[2]) == (20, 6)


def test_two_columns_that_could_be_the_class_are_a_question_that_names_them(birds):
    rows = [(file, label, colour) for (file, label), colour in zip(rows_of(), ["red", "blue"] * 10, strict=True)]
    write_table(birds, [("file", "kind", "colour of wings"), *rows])
    assert report_on(birds).recipe.label_column == "kind"  # a usual name
    write_table(birds, [("file", "head", "wings"), *rows])
    problem = problem_of(birds)
    assert "labels.csv has 2 columns that could be the class: head, wings." in problem
    assert "--label-column" in problem
    assert report_on(birds).columns == ("file", "head", "wings")
    assert report_on(birds, label_column="wings").class_names == ("blue", "red")
    assert "has no column 'tail', only file, head, wings." in problem_of(birds, label_column="tail")


def test_rows_without_images_and_images_without_rows_are_counted_and_the_first_ten_named(birds):
    missing = [(f"lost{place}.png", "owl") for place in range(12)]
    write_table(birds, [("file", "label"), *rows_of()[:18], *missing])
    report = report_on(birds)
    assert report.images == 18
    lost = next(warning for warning in report.warnings if "without an image file" in warning)
    assert "12 rows" in lost
    assert "lost0.png, lost1.png" in lost
    assert lost.endswith("lost9.png and 2 more.")
    assert "2 images left out: no class in labels.csv." in report.warnings


def test_the_same_image_with_two_classes_is_named(birds):
    write_table(birds, [("file", "label"), *rows_of(), ("b0.png", "tit")])
    warnings = " ".join(report_on(birds).warnings)
    assert "labels.csv: 1 image with conflicting classes (the last one counts): b0.png." in warnings


def test_a_table_can_be_named_and_must_fit(birds):
    write_table(birds, [("file", "label"), *rows_of()], "first.csv")
    write_table(birds, [("file", "label"), *rows_of(labels=("a", "b", "c"))][:16], "second.csv")
    assert report_on(birds).class_names == ("owl", "tit")
    named = report_on(birds, birds.parent / "work", label_table="second.csv", left_out=())
    assert not named.ok  # five images of each class are too few
    assert "There is no label table 'third.csv'" in problem_of(birds, label_table="third.csv")
    write_table(birds, [("x", "y"), (1, 2), (3, 4)], "other.csv")
    assert "no column of this table names the image files" in problem_of(birds, label_table="other.csv")


def test_class_names_of_any_text_become_one_short_line(birds):
    write_table(birds, [("file", "label"), *rows_of(labels=("x" * 10_000, "a/b <i>&", "猫"))], "t.csv")
    report = report_on(birds, left_out=("猫",)) if not report_on(birds).ok else report_on(birds)
    assert all(len(name) <= 80 for name in report.class_names)
    assert any("Class names were shortened" in warning for warning in report.warnings)


def test_class_folders_win_over_a_table_beside_them(birds):
    for label in ("owl", "tit"):
        (birds / label).mkdir()
    for place in range(20):
        (birds / "images" / f"b{place}.png").rename(birds / ("owl", "tit")[place % 2] / f"b{place}.png")
    (birds / "images").rmdir()
    write_table(birds, [("file", "label"), *rows_of(labels=("a", "b"))])
    assert report_on(birds).class_names == ("owl", "tit")
