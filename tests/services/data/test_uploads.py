"""Files that a browser sent, and paths that somebody typed."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import DatasetError
from remap_core.services.data.uploads import allowed_path, entries_of, remove_upload, safe_name, save_upload


def saved(tmp_path, *names):
    folder = DataFolder(tmp_path / "home")
    files = [(name, io.BytesIO(name.encode(errors="replace"))) for name in names]
    return folder, save_upload(folder, files, 100.0)


def test_one_file_is_the_source(tmp_path):
    _, source = saved(tmp_path, "leaves.zip")
    assert (source.name, source.read_text()) == ("leaves.zip", "leaves.zip")


def test_files_that_are_dropped_together_are_in_one_folder_of_their_own(tmp_path):
    folder, source = saved(tmp_path, "cat.0.jpg", "labels.csv", "cat.0.jpg")
    assert sorted(path.name for path in source.iterdir()) == ["cat.0 (2).jpg", "cat.0.jpg", "labels.csv"]
    assert source.parent == folder.datasets / "uploads"


def test_a_dropped_folder_is_the_source_with_its_folders(tmp_path):
    _, source = saved(tmp_path, "leaves/oak/1.jpg", "leaves/elm/1.jpg")
    assert source.name == "leaves"
    assert sorted(path.name for path in source.iterdir()) == ["elm", "oak"]


def test_names_cannot_lead_out_of_the_new_folder(tmp_path):
    folder, source = saved(tmp_path, "../../../escaped.txt", "/etc/passwd", "..\\..\\b.png", "a\0b/\n.png")
    assert source.parent == folder.datasets / "uploads"
    assert {path.name for path in source.rglob("*") if path.is_file()} == {"escaped.txt", "passwd", "b.png", "_.png"}
    assert {path.name for path in tmp_path.iterdir()} == {"home"}


@given(st.text())
def test_any_name_becomes_one_that_a_file_system_takes(name):
    path = safe_name(name)
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert all(0 < len(part.encode()) <= 255 and "\0" not in part for part in path.parts)
    assert path.parts


def test_removing_an_upload_leaves_the_others(tmp_path):
    folder, first = saved(tmp_path, "a.zip")
    _, second = saved(tmp_path, "b.zip")
    remove_upload(folder, first)
    remove_upload(folder, tmp_path / "home")
    remove_upload(folder, folder.datasets / "uploads")
    assert not first.exists()
    assert second.exists()


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "srv" / "images"
    (root / "leaves").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (tmp_path / "secret").mkdir()
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "circle").symlink_to(root / "circle")
    return root


@pytest.mark.parametrize("typed", ["leaves", " leaves/ ", "./leaves", "leaves/../leaves"])
def test_a_path_below_the_root_is_allowed(root, typed):
    assert allowed_path(root, typed) == root / "leaves"


def test_an_absolute_path_below_the_root_is_allowed(root):
    assert allowed_path(root, str(root / "leaves")) == root / "leaves"


@pytest.mark.parametrize("typed", ["..", "../../secret", "/etc", "link", "leaves/../../..", "../images-2"])
def test_a_path_outside_the_root_is_refused_also_by_links(root, typed):
    with pytest.raises(DatasetError, match="A path must be below"):
        allowed_path(root, typed)


@pytest.mark.parametrize("typed", ["nothing", "leaves/nothing"])
def test_a_path_that_is_not_there_is_said(root, typed):
    with pytest.raises(DatasetError, match="There is no"):
        allowed_path(root, typed)


@pytest.mark.parametrize("typed", ["a\0b", "x" * 5000, "circle/a"])
def test_a_path_that_no_file_system_takes_is_a_sentence(root, typed):
    with pytest.raises(DatasetError) as refused:
        allowed_path(root, typed)
    assert "\n" not in str(refused.value)


def test_a_root_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(DatasetError, match="No such file or directory"):
        allowed_path(tmp_path / "nowhere", "leaves")


def test_what_is_below_the_root_is_offered_without_hidden_files(root):
    assert entries_of(root) == ["circle", "leaves", "link"]
    assert entries_of(Path("/nowhere")) == []
