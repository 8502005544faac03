"""`lab.data_issues` and `lab.relabel`: what the models of a lab say about its data, and what a person says to that."""

import pytest
from catalogues import write_catalogue

import remap_core as remap
from remap_core.errors import InvalidArgument, NoCatalogue, NotFound


def test_what_the_models_say_is_in_plain_values(tmp_path):
    write_catalogue(tmp_path)
    found = remap.open(tmp_path, dataset="digits").data_issues()
    assert found["models"] == [6, 5, 4]
    assert (found["suspected"][0]["label"], found["suspected"][0]["other"]) == ("6", "7")


def test_where_nothing_was_trained_there_is_nobody_to_ask(tmp_path):
    with pytest.raises(NoCatalogue):
        remap.open(tmp_path, dataset="digits").data_issues()


def test_labels_are_corrected_in_a_new_data_set_that_can_be_opened(tmp_path):
    kept = remap.open(tmp_path, dataset="digits").relabel({12: "8"}, leave_out=[3], name="digits 2")
    lab = remap.open(tmp_path, dataset="digits 2")
    assert lab.dataset == kept.name
    assert lab.card.split == (1260, 269, 267)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ({"labels": [3]}, "labels must be classes by image"),
        ({"leave_out": "3"}, "leave_out must be a list of images"),
        ({"leave_out": [2.5]}, "An image must be a number or a name, but got 2.5."),
        ({"labels": {True: "8"}}, "An image must be a number or a name, but got True."),
        ({"labels": {12: 8}}, "The class of an image must be a text"),
        ({"leave_out": [3], "name": 7}, "name must be a text, but got 7."),
    ],
)
def test_what_is_no_correction_is_one_sentence(tmp_path, call, sentence):
    with pytest.raises(InvalidArgument) as refused:
        remap.open(tmp_path, dataset="digits").relabel(**call)
    assert str(refused.value).startswith(sentence)


def test_training_images_are_judged_by_models_that_were_trained_without_them(tmp_path):
    lab = remap.open(tmp_path, dataset="digits#300", epochs=1)
    with pytest.raises(NotFound, match="at least 5 finished models"):
        lab.train(remap.architecture("MaxPool 2, Dense 8, ReLU", dataset=lab), progress=False)
        lab.held_out()
    chains = [f"MaxPool 2, Dense {units}, ReLU" for units in (16, 24, 32, 40)]
    lab.train([remap.architecture(chain, dataset=lab) for chain in chains], progress=False)
    with pytest.raises(NotFound, match="Needs 15 trainings of the 5 best models"):
        lab.data_issues(training=True)
    assert len(lab.train(lab.held_out(), progress=False)) == 0
    found = lab.data_issues(training=True)
    assert (found["part"], found["images"], sorted(found["models"])) == ("training", 210, [1, 2, 3, 4, 5])
    assert [one["image"].split()[0] for one in found["hard"][:1]] == ["training"]
    assert len(lab.models) == 5


def test_whether_more_images_would_help_is_asked_trained_and_answered(tmp_path):
    lab = remap.open(tmp_path, dataset="digits#200", epochs=1)
    (model,) = lab.train(remap.architecture("MaxPool 2, Dense 8, ReLU", dataset=lab), progress=False)
    assert model.more_images()["missing"] == 8
    assert lab.train(model.on_fewer_images(), progress=False)[0] == model
    found = model.more_images()
    assert [one["images"] for one in found["measured"]] == [35, 70, 140]
    assert [len(one["accuracies"]) for one in found["measured"]] == [4, 2, 2]
    assert (found["missing"], found["unfinished"]) == (0, 0)
    assert "With twice as many images" in found["answer"]
    assert len(lab.models) == 1
