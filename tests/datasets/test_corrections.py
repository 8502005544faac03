"""What a person says of single images makes a data set beside the old one."""

import json

import numpy as np
import pytest
from image_folders import write_classes

from remap_core.datasets.dataset import load_dataset, validation_names, validation_originals
from remap_core.datasets.kept import find_kept, kept_datasets
from remap_core.datasets.preparation.corrected import keep_corrected
from remap_core.datasets.preparation.corrections import Corrections
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices, Recipe
from remap_core.errors import DatasetError


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def pets(home, tmp_path):
    return add(write_classes(tmp_path / "photos"), "pets", Choices(), home)


def corrected(home, name, classes=None, left_out=(), title=""):
    return keep_corrected(name, Corrections(classes or {}, left_out), home, title)


def test_a_label_is_corrected_and_an_image_left_out_while_everything_else_stays(home, pets):
    old = load_dataset(pets.name, home)
    cat, *_, dog = validation_names(pets.name, home)
    made = corrected(home, pets.name, {cat: "dog"}, [dog], "pets 2")
    new = load_dataset(made.name, home)
    assert validation_names(made.name, home) == validation_names(pets.name, home)[:-1]
    assert new.class_names == old.class_names
    assert (new.validation.labels[0], old.validation.labels[0]) == (1, 0)
    assert (new.validation.labels[1:] == old.validation.labels[1:-1]).all()
    assert (new.validation.images == old.validation.images[:-1]).all()
    for part in ("train", "test"):
        assert (getattr(new, part).images == getattr(old, part).images).all()
        assert (getattr(new, part).labels == getattr(old, part).labels).all()
    assert find_kept("pets", home) == pets


def test_its_recipe_names_the_images_and_its_report_counts_them(home, pets):
    cat, *_, dog = validation_names(pets.name, home)
    made = corrected(home, pets.name, {cat: "dog"}, [dog])
    assert made.title == "pets-corrected"
    assert made.recipe == Recipe.from_json(made.recipe.to_json())
    assert (made.recipe.relabelled, made.recipe.without) == (((cat, "dog"),), (dog,))
    assert made.recipe.source == pets.recipe.source
    assert "1 label corrected, 1 image left out." in made.report.sentences()
    assert made.report.per_class == (9, 10)
    assert not made.is_proposed


def test_recipes_without_corrections_are_stored_as_they_always_were(pets):
    assert not {"relabelled", "without"} & json.loads(pets.recipe.to_json()).keys()


def test_the_number_of_a_validation_image_names_it_too(home, pets):
    name = validation_names(pets.name, home)[2]
    by_number = corrected(home, pets.name, {2: "cat"})
    assert by_number.recipe.relabelled == ((name, "cat"),)
    assert corrected(home, pets.name, {"2": "cat"}) == by_number


def test_the_same_corrections_are_the_same_data_set(home, pets):
    assert corrected(home, pets.name, {0: "dog"}) == corrected(home, pets.name, {0: "dog"})
    assert len(kept_datasets(home)) == 2


def test_corrections_of_a_corrected_data_set_add_up_and_the_last_word_counts(home, pets):
    first, second, *_ = validation_names(pets.name, home)
    once = corrected(home, pets.name, {first: "dog"}, title="once")
    twice = corrected(home, once.name, {first: "cat"}, [second])
    assert twice.recipe.relabelled == ((first, "cat"),)
    assert twice.recipe.without == (second,)
    gone = corrected(home, once.name, {}, [first], "gone")
    assert (gone.recipe.relabelled, gone.recipe.without) == ((), (first,))


def test_a_data_set_in_the_box_is_corrected_too_and_has_no_originals(home):
    made = corrected(home, "digits", {12: "8"}, ["training 5"])
    old, new = load_dataset("digits", home), load_dataset(made.name, home)
    assert made.title == "digits-corrected"
    assert (old.validation.labels[12], new.validation.labels[12]) == (3, 8)
    assert (new.train.images == np.delete(old.train.images, 5, axis=0)).all()
    assert (new.test.labels == old.test.labels).all()
    assert validation_originals(made.name, home) is None
    assert validation_names(made.name, home)[12] == "validation 12"


def test_a_subset_is_corrected_alone(home, tmp_path):
    pets = add(write_classes(tmp_path / "photos", n=20), "pets", Choices(), home)
    made = corrected(home, f"{pets.name}#20", {0: "dog"})
    assert (made.title, made.report.images, made.recipe.images) == ("pets-corrected-20", 20, 20)


def test_checks_are_made_again_with_the_new_labels(home, tmp_path):
    folder = write_classes(tmp_path / "photos")
    (folder / "dog" / "copy.png").write_bytes((folder / "cat" / "0.png").read_bytes())
    pets = add(folder, "pets", Choices(), home)
    assert len(pets.report.findings.conflicts) == 1
    made = corrected(home, pets.name, {"dog/copy.png": "cat"})
    assert made.report.findings.conflicts == ()


@pytest.mark.parametrize(
    ("classes", "left_out", "sentence"),
    [
        ({}, [], "Nothing to correct: name an image and its class, or an image to leave out."),
        ({0: "bird"}, [], "There is no class 'bird', only cat, dog."),
        ({4: "cat"}, [], "There is no image 4: give the name of a file, or the number of a validation image, 0 to 3."),
        ({"cat/99.png": "dog"}, [], "There is no image 'cat/99.png': give"),
        ({-1: "dog"}, [], "There is no image -1: give"),
        ({0: "cat"}, [], "Image 0 is labelled cat already."),
        ({0: "dog"}, [0], "Image 0 can be given another class or be left out, but not both."),
        ({}, [0, 1], "cat would have no validation image left: every class needs at least one."),
    ],
)
def test_what_cannot_be_corrected_is_one_sentence_and_nothing_is_kept(home, pets, classes, left_out, sentence):
    with pytest.raises(DatasetError) as refused:
        corrected(home, pets.name, classes, left_out)
    assert str(refused.value).startswith(sentence)
    assert kept_datasets(home) == [pets]


def test_an_image_by_name_and_by_number_is_the_same_image(home, pets):
    name = validation_names(pets.name, home)[0]
    with pytest.raises(DatasetError, match="but not both"):
        corrected(home, pets.name, {name: "dog"}, [0])
    with pytest.raises(DatasetError, match="given two classes"):
        keep_corrected("digits", Corrections({0: "1", "validation 0": "2"}), home)


def test_a_taken_name_is_refused_and_leaves_no_files(home, pets):
    with pytest.raises(DatasetError, match="There is already a data set pets"):
        corrected(home, pets.name, {0: "dog"}, title="pets")
    with pytest.raises(DatasetError, match="built in"):
        corrected(home, pets.name, {0: "dog"}, title="digits")
    assert not list((home / "data").glob(".*.corrected"))
