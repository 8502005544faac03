import subprocess
import sys

import numpy as np
import pytest
from small_tasks import BARS, save_bars

from remap_core.datasets import dataset
from remap_core.datasets.dataset import Dataset, load_dataset, rows_by_part
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


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (
            "mnits",
            r"'mnits' is not a data set: use digits, leaves, mnist, fashion-mnist, cifar-10, the name of one",
        ),
        ("", "'' is not a data set"),
        ("#70", "'#70' is not a data set"),
        ("images.npy", r"'images\.npy' is not a data set"),
        ("a\0b.npz", r"'a\\x00b\.npz' is not a data set: its name contains an unprintable character\."),
        ("/a\nb", r"'/a\\nb' is not a data set: its name contains an unprintable character\."),
        ("/a\udcff", r"'/a\\udcff' is not a data set: its name contains an unprintable character\."),
        ("n" * 5000, "is not a data set"),
        ("n" * 5000 + ".npz", r"the path cannot be followed \(.*name too long"),
        ("/" + "n" * 5000, r"the path cannot be followed \(.*name too long"),
        ("/nowhere", "^/nowhere: there is no such file or folder"),
        ("/nowhere#70", "^/nowhere: there is no such file or folder"),
        ("~nobody at all/images", "^~nobody at all/images: the path cannot be followed"),
        ("digits#", "# must be followed by the size of a subset, but got ''"),
        ("digits#many", "# must be followed by the size of a subset, but got 'many'"),
        ("digits#-5", "# must be followed by the size of a subset, but got '-5'"),
        ("digits#69", "digits#69: a subset of 10 classes needs at least 70 images"),
        ("digits#1800", 'a balanced subset of 1800 needs 180 images of "0", but there are 178'),
        ("/nowhere/x.npz", r"/nowhere/x\.npz: there is no such file"),
    ],
)
def test_a_name_without_images_is_rejected_with_the_rule(name, rule):
    with pytest.raises(DatasetError, match=rule):
        load_dataset(name)


def test_images_that_do_not_fit_into_memory_are_an_error_with_advice(monkeypatch):
    class Endless:
        labels = np.repeat(np.arange(2, dtype=np.uint8), 10)

        def take(self, rows):
            raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr(dataset, "read_as_is", lambda path: (Endless(), ("a", "b")))
    with pytest.raises(
        DatasetError, match=r"^/huge: the images do not fit into memory \(Unable .*\): add #N to the name to take N"
    ):
        load_dataset("/huge")


def test_the_examples_of_a_card_are_training_images():
    card = BARS.card(examples_per_class=2)
    assert (card.name, card.input_shape, card.class_names) == ("bars", (1, 8, 8), BARS.class_names)
    assert card.split == (84, 18, 18)
    assert card.validation_labels.tolist() == BARS.validation.labels.tolist()
    assert (card.examples[2] == BARS.train.images[[2, 5]]).all()


def test_the_card_repeats_the_images_of_a_small_class():
    two = Images(np.array([3, 4], dtype=np.uint8).reshape(2, 1, 1, 1), np.array([0, 1], dtype=np.uint8))
    examples = Dataset("two", ("a", "b"), two, two, two).card(examples_per_class=3).examples
    assert examples.reshape(2, 3).tolist() == [[3, 3, 3], [4, 4, 4]]


def test_data_sets_do_not_import_torch():
    heavy = "bool({'torch', 'torchvision', 'sklearn'} & set(sys.modules))"
    program = f"import sys, remap_core.datasets.dataset; sys.exit({heavy})"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.data
def test_a_real_archive_is_loaded(image_data):
    dataset = load_dataset(f"{image_data}/quickdraw_train.npz#8000")
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [5600, 1200, 1200]
    assert np.bincount(dataset.test.labels).tolist() == [120] * 10
    assert dataset.class_names[:2] == ("airplane", "alarm clock")


def test_every_training_image_validates_once_without_being_trained_on():
    whole = load_dataset("digits#505")
    rows = rows_by_part("digits#505", 3)
    assert sorted(np.concatenate(rows).tolist()) == list(range(len(whole.train)))
    for number, held_out in enumerate(rows, start=1):
        part = load_dataset(f"digits#505%not{number}of3")
        assert (part.validation.images == whole.train.images[held_out]).all()
        assert (part.train.labels == np.delete(whole.train.labels, held_out)).all()
        assert len(part.train) == len(whole.train) - len(held_out)
        assert (part.test.images == whole.test.images).all()


def test_the_parts_of_the_training_images_are_all_of_them_each_class_alike_and_nothing_else_changes():
    whole = load_dataset("digits#505")
    parts = [load_dataset(f"digits#505%{number}of4") for number in (1, 2, 3, 4)]
    assert [part.name for part in parts] == [f"digits#505%{number}of4" for number in (1, 2, 3, 4)]
    for part in parts:
        assert (part.validation.images == whole.validation.images).all()
        assert (part.test.labels == whole.test.labels).all()
        counts = np.bincount(part.train.labels)
        assert np.ptp(counts) <= 1
    together = np.concatenate([part.train.images for part in parts]).reshape(len(whole.train), -1)
    assert sorted(map(bytes, together)) == sorted(map(bytes, whole.train.images.reshape(len(whole.train), -1)))


def test_a_part_is_the_same_every_time():
    first, second = load_dataset("digits#200%1of2"), load_dataset("digits#200%1of2")
    assert (first.train.images == second.train.images).all()


def test_a_class_that_is_not_in_every_part_is_named():
    with pytest.raises(DatasetError, match=r"Training images in 8 parts need 8 of every class, but \d has 7\."):
        load_dataset("digits#100%1of8")
