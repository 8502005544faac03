import pytest

from remap_core.system.listing import stamp_of, starts_with, visible_files


def test_hidden_files_litter_and_links_that_leave_are_not_meant(tmp_path):
    source = tmp_path / "source"
    for name in ("b/2.txt", "a.txt", ".DS_Store", ".git/config", "Thumbs.db", "__MACOSX/a.txt", "b/desktop.ini"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x")
    (tmp_path / "secret").write_text("x")
    (source / "out").symlink_to(tmp_path / "secret")
    (source / "in").symlink_to(source / "a.txt")
    assert visible_files(source) == [source / "a.txt", source / "b/2.txt", source / "in"]
    assert visible_files(source / "a.txt") == [source / "a.txt"]


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(PermissionError):
        visible_files(tmp_path)


def test_a_stamp_changes_with_name_and_size(tmp_path):
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_text("x")
    second.write_text("x")
    before = stamp_of([first])
    assert stamp_of([second]) != before
    first.write_text("xy")
    assert stamp_of([first]) != before


def test_the_first_bytes_of_what_cannot_be_read_are_none(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert starts_with(tmp_path / "x", b"ab")
    assert not starts_with(tmp_path / "x", b"abcd")
    assert not starts_with(tmp_path, b"a")
