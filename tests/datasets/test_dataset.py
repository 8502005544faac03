import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tasks import BARS, save_bars

from remap_core.datasets import dataset
from remap_core.datasets.dataset import Dataset, canonical_name, load_dataset
from remap_core.datasets.images import Images
from remap_core.errors import DatasetError


def test_the_digits_are_loaded_and_split():
    digits = load_dataset("digits")
    assert (digits.name, digits.input_shape, digits.classes) == ("digits", (1, 8, 8), 10)
    parts = [len(part) for part in (digits.train, digits.validation, digits.test)]
    assert sum(parts) == 1797
    assert np.allclose(np.array(parts) / 1797, (0.70, 0.15, 0.15), atol=0.01)


def test_loading_again_gives_the_same_split():
    first, second = load_dataset("digits#200"), load_dataset("digits#200")
    assert (first.validation.images == second.validation.images).all()
    assert (first.test.images == second.test.images).all()


def test_a_subset_is_class_balanced():
    subset = load_dataset("digits#505")
    labels = np.concatenate([part.labels for part in (subset.train, subset.validation, subset.test)])
    assert np.bincount(labels).tolist() == [51] * 5 + [50] * 5


def test_an_archive_is_loaded_by_its_path(tmp_path, monkeypatch):
    save_bars(tmp_path / "bars.npz")
    monkeypatch.chdir(tmp_path)
    dataset = load_dataset("bars.npz#30")
    assert dataset.name == f"{tmp_path.resolve()}/bars.npz#30"
    assert dataset.class_names == ("top", "middle", "bottom")
    assert sum(map(len, (dataset.train, dataset.validation, dataset.test))) == 30


def test_a_name_is_stored_in_one_form(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    path = f"{tmp_path.resolve()}/a#b.npz"
    assert canonical_name("a#b.npz") == canonical_name("x/../a#b.npz") == canonical_name("~/a#b.npz") == path
    assert canonical_name("a#b.npz#008") == canonical_name(f"{path}#8") == f"{path}#8"
    assert canonical_name("digits") == "digits"


def test_folders_are_stored_in_one_form_and_a_bare_word_is_one_where_it_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a#5" / "photos").mkdir(parents=True)
    (tmp_path / "photos").mkdir()
    path = f"{tmp_path.resolve()}/photos"
    assert canonical_name("photos") == canonical_name("./photos/") == canonical_name("a#5/../photos") == path
    assert canonical_name("photos#050") == canonical_name(f"{path}#50") == f"{path}#50"
    assert canonical_name("a#5/photos") == f"{tmp_path.resolve()}/a#5/photos"
    assert canonical_name("mnist#0100") == "mnist#100"


@pytest.mark.parametrize("name", ["a#5/", "link"])
def test_a_folder_whose_name_would_read_as_a_subset_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a#5").mkdir()
    (tmp_path / "link").symlink_to("a#5")
    with pytest.raises(DatasetError, match=r"/a#5: the name of a folder of images must not hold #\."):
        canonical_name(name)


@given(st.text("ab/.#5~npz", max_size=12))
def test_a_stored_name_is_its_own_form(name):
    try:
        stored = canonical_name(name)
    except DatasetError:
        return
    assert canonical_name(stored) == stored


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("mnits", r"'mnits' is not a data set: write digits, mnist, fashion-mnist, cifar-10, or the path of an \.npz"),
        ("", "'' is not a data set"),
        ("#70", "'#70' is not a data set"),
        ("images.npy", r"'images\.npy' is not a data set"),
        ("a\0b.npz", r"'a\\x00b\.npz' is not a data set: its name holds a character that cannot be shown\."),
        ("/a\nb", r"'/a\\nb' is not a data set: its name holds a character that cannot be shown\."),
        ("/a\udcff", r"'/a\\udcff' is not a data set: its name holds a character that cannot be shown\."),
        ("n" * 5000, "is not a data set"),
        ("n" * 5000 + ".npz", r"the path cannot be followed \(.*name too long"),
        ("/" + "n" * 5000, r"the path cannot be followed \(.*name too long"),
        ("/nowhere", "^/nowhere: there is no such folder"),
        ("/nowhere#70", "^/nowhere: there is no such folder"),
        ("~nobody at all/images", "^~nobody at all/images: the path cannot be followed"),
        ("digits#", "behind # there must be the size of a subset, but it is ''"),
        ("digits#many", "behind # there must be the size of a subset, but it is 'many'"),
        ("digits#-5", "behind # there must be the size of a subset, but it is '-5'"),
        ("digits#69", "digits#69: a subset of 10 classes needs at least 70 images"),
        ("digits#1800", 'a balanced subset of 1800 needs 180 images of "0", but there are 178'),
        ("/nowhere/x.npz", r"/nowhere/x\.npz: there is no such file"),
    ],
)
def test_a_name_that_gives_no_images_is_refused_with_the_rule(name, rule):
    with pytest.raises(DatasetError, match=rule):
        load_dataset(name)


def test_images_that_memory_does_not_hold_are_a_sentence(monkeypatch):
    class Endless:
        labels = np.repeat(np.arange(2, dtype=np.uint8), 10)

        def take(self, rows):
            raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr(dataset, "read_folder", lambda path: (Endless(), ("a", "b")))
    with pytest.raises(
        DatasetError, match=r"^/huge: memory does not hold its images \(Unable .*\); #N behind it takes N"
    ):
        load_dataset("/huge")


def test_the_card_shows_examples_that_train():
    card = BARS.card(examples_per_class=2)
    assert (card.name, card.input_shape, card.class_names) == ("bars", (1, 8, 8), BARS.class_names)
    assert card.split == (84, 18, 18)
    assert card.validation_labels.tolist() == BARS.validation.labels.tolist()
    assert (card.examples[2] == BARS.train.images[[2, 5]]).all()


def test_the_card_repeats_the_images_of_a_small_class():
    two = Images(np.array([3, 4], dtype=np.uint8).reshape(2, 1, 1, 1), np.array([0, 1], dtype=np.uint8))
    examples = Dataset("two", ("a", "b"), two, two, two).card(examples_per_class=3).examples
    assert examples.reshape(2, 3).tolist() == [[3, 3, 3], [4, 4, 4]]


def test_data_sets_are_known_without_torch():
    heavy = "bool({'torch', 'torchvision', 'sklearn'} & set(sys.modules))"
    program = f"import sys, remap_core.datasets.dataset; sys.exit({heavy})"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.data
def test_a_real_archive_is_loaded(image_data):
    dataset = load_dataset(f"{image_data}/quickdraw_train.npz#8000")
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [5600, 1200, 1200]
    assert np.bincount(dataset.test.labels).tolist() == [120] * 10
    assert dataset.class_names[:2] == ("airplane", "alarm clock")
