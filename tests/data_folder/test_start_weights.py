from dataclasses import replace

import pytest
from trainings import proposal

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.start_weights import provide_start
from remap_core.errors import TrainingFailed
from remap_core.trials.trial import Origin, Trial, TrialState


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "home")
    folder.weights(1).parent.mkdir()
    folder.weights(1).write_bytes(b"the weights of model 1")
    return folder


def trial(**options) -> Trial:
    return Trial(2, proposal(**options), TrialState.RUNNING, position=1.0, attempt=1, created=0.0)


FINISH = trial(origin=Origin.FINISH, parent=1)


def test_the_weights_that_a_finish_starts_from_are_copied_to_where_it_trains(folder):
    provide_start(folder, FINISH)
    assert (folder.artifacts / "2" / "start.safetensors").read_bytes() == b"the weights of model 1"


def test_a_training_that_was_started_before_keeps_what_it_has(folder):
    provide_start(folder, FINISH)
    folder.weights(1).unlink()
    provide_start(folder, FINISH)
    assert (folder.artifacts / "2" / "start.safetensors").exists()


def test_weights_that_a_child_starts_from_are_copied_too_and_one_sentence_where_they_are_gone(folder):
    child = trial(origin=Origin.VARIATION, parent=1)
    child = replace(child, proposal=replace(child.proposal, config=replace(child.proposal.config, start=1)))
    provide_start(folder, child)
    assert (folder.artifacts / "2" / "start.safetensors").read_bytes() == b"the weights of model 1"
    folder.weights(1).unlink()
    with pytest.raises(TrainingFailed, match=r"Model 1 are gone, so its children cannot start from them\.$"):
        provide_start(folder, replace(child, id=3))


def test_other_trainings_start_from_no_weights(folder):
    provide_start(folder, trial())
    assert not (folder.artifacts / "2").exists()


def test_weights_that_are_gone_are_one_sentence(folder):
    folder.weights(1).unlink()
    with pytest.raises(TrainingFailed, match=r"^The weights of Model 1 are gone, so it cannot be finished\.$"):
        provide_start(folder, FINISH)
