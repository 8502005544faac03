import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.datasets.naming import TrainingPart, canonical_name, part_name, split_part
from remap_core.errors import DatasetError


def test_a_file_has_one_canonical_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    path = f"{tmp_path.resolve()}/a#b.npz"
    assert canonical_name("a#b.npz") == canonical_name("x/../a#b.npz") == canonical_name("~/a#b.npz") == path
    assert canonical_name("a#b.npz#008") == canonical_name(f"{path}#8") == f"{path}#8"
    assert canonical_name("digits") == "digits"


def test_a_folder_has_one_canonical_name_and_a_single_word_is_one_if_it_exists(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a#5" / "photos").mkdir(parents=True)
    (tmp_path / "photos").mkdir()
    path = f"{tmp_path.resolve()}/photos"
    assert canonical_name("photos") == canonical_name("./photos/") == canonical_name("a#5/../photos") == path
    assert canonical_name("photos#050") == canonical_name(f"{path}#50") == f"{path}#50"
    assert canonical_name("a#5/photos") == f"{tmp_path.resolve()}/a#5/photos"
    assert canonical_name("mnist#0100") == "mnist#100"


@pytest.mark.parametrize("name", ["a#5/", "link"])
def test_a_folder_whose_name_reads_as_a_subset_is_rejected(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a#5").mkdir()
    (tmp_path / "link").symlink_to("a#5")
    with pytest.raises(DatasetError, match=r"/a#5: the name of a folder of images must not contain #\."):
        canonical_name(name)


@given(st.text("ab/.#5~npz", max_size=12))
def test_the_canonical_name_of_a_canonical_name_is_the_same(name):
    try:
        canonical = canonical_name(name)
    except DatasetError:
        return
    assert canonical_name(canonical) == canonical


@pytest.mark.parametrize("name", ["digits", "digits%", "digits%5of4", "digits%0of4", "digits%1of1", "100%1of2/photos"])
def test_what_names_no_part_is_a_whole_data_set(name):
    assert split_part(name) == (name, None)


@given(st.integers(2, 9).flatmap(lambda parts: st.tuples(st.integers(1, parts), st.just(parts))))
def test_the_name_of_a_part_says_which(part):
    for held_out in (False, True):
        named = TrainingPart(*part, held_out)
        assert split_part(part_name("a@0123456789ab#50", named)) == ("a@0123456789ab#50", named)
