"""Files of a trial on their way, and what is done with them on a node; no cluster is needed for that."""

from functools import partial

import pytest
import torch
from small_tasks import BARS, run, trial_on

from remap_core.assembly import train_on_node
from remap_core.errors import TrainingFailed, TrainingStopped
from remap_core.trainer.executors.ray.trial_files import read_files, write_files
from remap_core.trainer.limits import Limits
from remap_core.training.jobs import prepare as prepare_node
from remap_core.training.jobs import score_on_node

TRAIN = partial(train_on_node, dataset=BARS, device="cpu")


def go_on() -> bool:
    return False


def test_written_files_are_read_back_and_others_are_deleted(tmp_path):
    folder = tmp_path / "artifacts" / "7"
    write_files(folder, {"checkpoint.safetensors": b"one", "weights.safetensors": b"two"})
    assert read_files(folder) == {"checkpoint.safetensors": b"one", "weights.safetensors": b"two"}
    write_files(folder, {"weights.safetensors": None})
    assert read_files(folder) == {"weights.safetensors": b"two"}
    assert [path.name for path in folder.iterdir()] == ["weights.safetensors"]


def test_without_files_no_folder_is_created(tmp_path):
    write_files(tmp_path / "file" / "7", {})
    assert not (tmp_path / "file").exists()
    assert read_files(tmp_path / "file" / "7") == {}


def test_a_name_cannot_lead_out_of_the_folder(tmp_path):
    write_files(tmp_path / "7", {"../outside.safetensors": b"one"})
    assert [path.name for path in tmp_path.iterdir()] == ["7"]


def test_an_unreadable_file_is_left_out_with_a_warning(tmp_path, caplog):
    (tmp_path / "checkpoint.safetensors").mkdir()
    (tmp_path / "weights.safetensors").write_bytes(b"two")
    assert read_files(tmp_path) == {"weights.safetensors": b"two"}
    assert "checkpoint.safetensors cannot be read and is not sent to the node: Is a directory" in caplog.text


def test_a_node_trains_within_the_limits(tmp_path):
    trial = trial_on(BARS, "Dense 4", epochs=2)
    with pytest.raises(TrainingFailed, match="REMAP_TIME_LIMIT"):
        run(TRAIN(trial, go_on, folder=tmp_path, limits=Limits(seconds=1e-9)))


def test_with_halving_a_node_trains_to_the_next_comparison(tmp_path):
    training = TRAIN(trial_on(BARS, "Dense 4", epochs=9), go_on, folder=tmp_path, limits=Limits(), halving=True)
    assert next(training).epoch == 1
    with pytest.raises(TrainingStopped):
        next(training)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.safetensors"]


def test_a_node_scores_by_the_weights_in_the_folder(tmp_path):
    trial = trial_on(BARS, "Dense 4", epochs=1)
    with pytest.raises(TrainingFailed, match="has no weights"):
        score_on_node(trial, dataset=BARS, folder=tmp_path, device="cpu")
    run(TRAIN(trial, go_on, folder=tmp_path, limits=Limits()))
    assert score_on_node(trial, dataset=BARS, folder=tmp_path, device="cpu").images == len(BARS.test)


def test_a_node_reports_its_device_and_uses_one_core():
    threads = torch.get_num_threads()
    try:
        assert prepare_node("cpu").startswith("CPU, ")
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)
