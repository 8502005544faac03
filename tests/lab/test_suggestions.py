"""`lab.suggest`, and training what it suggests."""

import pytest
from labs import small_lab

import remap_core as remap
from remap_core.errors import InvalidArgument, InvalidView, SpaceExhausted
from remap_core.views.targets import TARGETS


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return small_lab(tmp_path_factory.mktemp("suggesting"))


def test_suggestions_are_a_table_with_what_is_expected_and_why(lab):
    found = lab.suggest(3)
    assert repr(found) == "3 suggestions"
    assert len(found.to_frame()) == 3
    assert list(found.to_frame().columns)[:3] == ["layers", "parent", "edit"]
    for one in found:
        assert one.text in repr(one)
        assert 0 <= one.low <= one.accuracy <= one.high <= 1
        assert one.reason in found._repr_html_()
        assert one.design.architecture == one.suggestion.architecture


def test_an_empty_folder_has_suggestions_too(tmp_path):
    found = remap.open(tmp_path / "new", dataset="digits#200").suggest(2)
    assert [one.suggestion.parent for one in found] == [None, None]
    assert "0 of the 5 models" in found[0].reason


def test_what_is_suggested_can_be_trained_and_is_marked_as_the_machines(tmp_path):
    own = small_lab(tmp_path / "own")
    (asked,) = own.suggest(1, max_parameters=3_000)
    (model,) = own.train(asked, progress=False)
    assert model.text == asked.text
    proposal = own.catalogue.trial(model.id).proposal
    assert (proposal.suggested, proposal.parent, proposal.edits) == (
        True,
        asked.suggestion.parent,
        asked.suggestion.edits,
    )
    assert own.catalogue.population(own.dataset).suggested.tolist() == [False] * 4 + [True]
    edited = own.train(asked.design.append("Dense 9"), progress=False)[0]
    assert not own.catalogue.trial(edited.id).proposal.suggested


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"n": 0}, "n must be a whole number from 1 to 100, but got 0"),
        ({"n": 2.5}, "n must be a whole number"),
        ({"max_parameters": 0}, "max_parameters must be a whole number from 1"),
        ({"target": "esp32"}, "target must be one of .* but got 'esp32'. Did you mean esp32-s3?"),
        ({"explore": "much"}, "explore must be a number from 0 to 1"),
        ({"explore": 2}, "explore must be a number from 0 to 1"),
        ({"step": 9}, "step must be a whole number from 1 to 5"),
    ],
)
def test_misuse_is_one_sentence(lab, arguments, reason):
    with pytest.raises(InvalidArgument, match=reason):
        lab.suggest(**arguments)


def test_a_cap_that_leaves_nothing_is_one_sentence(lab):
    with pytest.raises(SpaceExhausted, match=r"11 parameters \(the objective's cap\)"):
        lab.suggest(max_parameters=11)


def test_a_suggestion_of_another_lab_is_refused(lab, tmp_path):
    other = remap.open(tmp_path / "other", dataset="digits#200")
    with pytest.raises(InvalidArgument, match="This is of another lab: digits#200"):
        other.train(lab.suggest(1))


def test_an_index_that_is_not_there_is_refused(lab):
    with pytest.raises(InvalidArgument, match="index must be a whole number from -2 to 1"):
        lab.suggest(2)[5]


def test_suggestions_samples_and_models_keep_to_a_target(lab):
    nano = TARGETS["arduino-nano-33-ble"]
    assert all(nano.has_room(one.suggestion.architecture) for one in lab.suggest(2, target=nano.key))
    drawn = remap.sample("residual", input_shape=(3, 64, 64), classes=5, n=5, target=nano.key, max_parameters=10**7)
    assert all(nano.has_room(one.architecture) for one in drawn)
    assert len(lab.models.fitting(nano.key)) == len(lab.models)
    assert {"ram_int8", "flash_float32"} <= set(lab.models.to_frame().columns)
    with pytest.raises(InvalidView, match="No network for images of 3 x 512 x 512 fits ESP32-S3"):
        remap.sample(input_shape=(3, 512, 512), classes=5, target="esp32-s3")
