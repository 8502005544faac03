import pickle
from dataclasses import replace
from functools import partial

import pytest
from small_tasks import BARS, run, save_bars, trial_on

from remap_core.datasets.dataset import load_dataset
from remap_core.errors import TrainingFailed
from remap_core.training.worker_session import train_trial


def keep_going() -> bool:
    return False


def test_a_trial_is_trained_on_its_data_set_and_saves_its_weights(tmp_path):
    trial = trial_on(load_dataset(str(save_bars(tmp_path / "bars.npz"))), "Dense 4", epochs=2)
    epochs, evaluation = run(train_trial(trial, keep_going, home=tmp_path, device="cpu"))
    assert [result.epoch for result in epochs] == [1, 2]
    assert evaluation.confusion.sum() == 9
    assert [path.name for path in (tmp_path / "artifacts" / "7").iterdir()] == ["weights.safetensors"]


def test_a_data_set_is_read_once_for_many_trials(tmp_path):
    file = save_bars(tmp_path / "bars.npz")
    trial = trial_on(load_dataset(str(file)), "Dense 4", epochs=1)
    run(train_trial(trial, keep_going, home=tmp_path, device="cpu"))
    file.unlink()
    epochs, _ = run(train_trial(replace(trial, id=8), keep_going, home=tmp_path, device="cpu"))
    assert len(epochs) == 1


def test_a_missing_data_set_fails_the_trial_with_its_error(tmp_path):
    trial = trial_on(replace(BARS, name=f"{tmp_path}/gone.npz"), "Dense 4")
    with pytest.raises(TrainingFailed, match=r"gone\.npz: there is no such file or folder\."):
        next(train_trial(trial, keep_going, home=tmp_path, device="cpu"))


def test_an_architecture_for_other_images_fails_the_trial(tmp_path):
    trial = trial_on(replace(BARS, name=str(save_bars(tmp_path / "bars.npz")), class_names=("a", "b")), "Dense 4")
    with pytest.raises(TrainingFailed, match=r"in 2 classes, but .*bars\.npz has 8 x 8 images .* in 3 classes\."):
        next(train_trial(trial, keep_going, home=tmp_path, device="cpu"))


def test_the_function_can_be_sent_to_a_worker_process(tmp_path):
    function = partial(train_trial, home=tmp_path, device="cpu")
    assert pickle.loads(pickle.dumps(function)).func is train_trial  # noqa: S301 (our own)
