from dataclasses import replace
from itertools import count, islice

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_tasks import BARS, CODES, curve, run, trial_on
from torch.nn.functional import cross_entropy

from remap_core.datasets.dataset import load_dataset
from remap_core.errors import TrainingFailed, TrainingStopped
from remap_core.space.layers import Dense
from remap_core.training.learner import Learner, seeded
from remap_core.training.training_loop import train

EVERY_KIND = "Conv 4x3, ReLU, Dropout 0.25, Conv 3x3, MaxPool 2, Dense 8, Tanh, Dropout 0.25"
MODERN_KINDS = "SepConv 4x3 same, BatchNorm, GELU, Conv 4x3 stride 2 same, SiLU, GlobalAvgPool, Dense 8, BatchNorm"
BLOCKS = "Residual 4 stride 2, MBConv 4x3 expand 3 se, Residual 4, Dense 8"


def test_a_training_yields_its_epochs_and_returns_its_evaluation():
    epochs, evaluation = run(train(trial_on(BARS, "Conv 4x3, ReLU", epochs=3, batch_size=20), BARS, device="cpu"))
    assert [result.epoch for result in epochs] == [1, 2, 3]
    assert evaluation.predictions.dtype == np.uint8
    assert evaluation.confusion.dtype == np.int64
    assert evaluation.confusion.sum(axis=1).tolist() == [6, 6, 6]
    assert evaluation.confusion.sum(axis=0).tolist() == np.bincount(evaluation.predictions, minlength=3).tolist()
    assert evaluation.accuracy == pytest.approx(epochs[-1].validation_accuracy)
    assert evaluation.latency.batch_256_ms > 0


def test_validation_images_are_evaluated_once_per_epoch(monkeypatch):
    evaluate, calls = Learner.evaluate, []
    monkeypatch.setattr(Learner, "evaluate", lambda *arguments: calls.append(1) or evaluate(*arguments))
    run(train(trial_on(BARS, "Dense 4", epochs=3), BARS, device="cpu"))
    assert len(calls) == 3


def test_the_rows_of_the_confusion_matrix_are_true_classes_and_its_columns_predicted_ones():
    _, evaluation = run(train(trial_on(BARS, "", epochs=1, learning_rate=1e-9), BARS, device="cpu"))
    for label, predicted in np.ndindex(3, 3):
        both = (BARS.validation.labels == label) & (evaluation.predictions == predicted)
        assert evaluation.confusion[label, predicted] == both.sum()


def test_an_easy_task_is_solved():
    epochs, _ = run(train(trial_on(BARS, "Conv 8x3, ReLU", batch_size=8, learning_rate=0.01), BARS, device="cpu"))
    assert epochs[-1].validation_accuracy == 1


def test_the_curve_is_that_of_a_textbook_loop():
    trial = trial_on(BARS, "Conv 4x3, ReLU, Conv 3x3, Tanh", epochs=4, batch_size=20, learning_rate=0.01, decay=0.5)
    epochs, _ = run(train(trial, BARS, device="cpu"))
    network = Learner.create(trial.architecture, trial.proposal.config.seed, "cpu").network
    network = network.to(memory_format=torch.contiguous_format)
    adam = torch.optim.Adam(network.parameters(), lr=0.01, fused=False)
    decay = torch.optim.lr_scheduler.ExponentialLR(adam, 0.5)
    for result in epochs:
        losses, rights = [], []
        with seeded("cpu", trial.proposal.config.seed, result.epoch):
            order = torch.randperm(84).numpy()
        for rows in np.split(order, range(20, 84, 20)):
            loss, accuracy = textbook_score(network, BARS.train.take(rows))
            losses.append(loss.item() * len(rows))
            rights.append(accuracy * len(rows))
            adam.zero_grad()
            loss.backward()
            adam.step()
        decay.step()
        expected_loss, expected_accuracy = textbook_score(network, BARS.validation)
        assert result.train_loss == pytest.approx(sum(losses) / 84, rel=1e-4)
        assert result.train_accuracy == pytest.approx(sum(rights) / 84)
        assert result.validation_loss == pytest.approx(expected_loss.item(), rel=1e-4)
        assert result.validation_accuracy == pytest.approx(expected_accuracy)


def textbook_score(network, images) -> tuple[torch.Tensor, float]:
    pixels = (images.images.transpose(0, 3, 1, 2) - BARS.train.images.mean()) / BARS.train.images.std()
    logits, labels = network(torch.tensor(pixels, dtype=torch.float32)), torch.tensor(images.labels).long()
    return cross_entropy(logits, labels), (logits.argmax(1) == labels).float().mean().item()


def test_more_than_256_classes_are_told_apart():
    epochs, evaluation = run(
        train(trial_on(CODES, "", epochs=12, batch_size=50, learning_rate=0.1), CODES, device="cpu")
    )
    assert evaluation.predictions.dtype == np.uint16
    assert evaluation.predictions.tolist() == CODES.validation.labels.tolist()
    assert evaluation.confusion.tolist() == np.eye(300, dtype=int).tolist()
    assert epochs[-1].validation_accuracy == 1


def test_the_same_seed_gives_the_same_curve_whatever_else_was_trained_or_drawn():
    trial = trial_on(BARS, EVERY_KIND, epochs=3, batch_size=20)
    first, _ = run(train(trial, BARS, device="cpu"))
    again = []
    for result in train(trial, BARS, device="cpu"):
        torch.rand(5)
        run(train(trial_on(BARS, "Dropout 0.5", epochs=1), BARS, device="cpu"))
        again.append(result)
    assert curve(again) == curve(first)


def test_another_seed_gives_another_curve():
    curves = [
        curve(run(train(trial_on(BARS, "Dense 4", epochs=1, seed=seed), BARS, device="cpu"))[0]) for seed in (0, 1)
    ]
    assert curves[0] != curves[1]


def test_a_training_leaves_the_random_numbers_of_others_alone():
    before = torch.get_rng_state()
    for _ in train(trial_on(BARS, EVERY_KIND, epochs=2), BARS, device="cpu"):
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(torch.get_rng_state(), before)


def test_training_never_reads_the_sealed_test_images():
    class Sealed:
        def __getattr__(self, name):
            raise AssertionError(f"{name} of the sealed test images was read")

    sealed = replace(BARS, test=Sealed())
    epochs, _ = run(train(trial_on(sealed, "Dense 4", epochs=1), sealed, device="cpu"))
    assert len(epochs) == 1


@pytest.mark.parametrize("call", [1, 3, 10])  # 9 batches that train, 1 that evaluates
def test_a_training_stops_before_the_next_batch(call):
    calls = count(1)
    training = train(
        trial_on(BARS, "Dense 4", batch_size=10), BARS, device="cpu", should_stop=lambda: next(calls) == call
    )
    with pytest.raises(TrainingStopped):
        next(training)
    assert next(calls) == call + 1


def test_a_training_that_diverges_fails_with_the_epoch():
    deep = ", ".join(["Dense 64"] * 24)
    with pytest.raises(TrainingFailed, match=r"^The training diverged at epoch \d: .* the highest was 1\.$"):
        run(train(trial_on(BARS, deep, learning_rate=1.0, epochs=9), BARS, device="cpu"))


@pytest.mark.parametrize("units", [10**12, 10**18])  # more bytes than a process can address; than torch can count
def test_a_model_that_does_not_fit_into_memory_fails_with_its_size(units):
    small = trial_on(BARS, "")
    huge = replace(small.proposal, architecture=small.architecture.with_layers([Dense(units)]))
    with pytest.raises(TrainingFailed, match=r"^There is not enough memory to train this model of [\d,]+ parameters"):
        next(train(replace(small, proposal=huge), BARS, device="cpu"))


def test_an_architecture_for_other_images_fails_with_both_sizes():
    other = replace(BARS, class_names=("a", "b", "c", "d"))
    with pytest.raises(TrainingFailed) as failed:
        next(train(trial_on(other, "Dense 4"), BARS, device="cpu"))
    assert str(failed.value) == (
        "The architecture is for 8 x 8 images with 1 channel in 4 classes, "
        "but bars has 8 x 8 images with 1 channel in 3 classes."
    )


@pytest.mark.parametrize("finished", [1, 2, 3])
@pytest.mark.parametrize("layers", [EVERY_KIND, MODERN_KINDS, BLOCKS])
def test_an_interrupted_training_resumes_to_the_bit(tmp_path, finished, layers):
    trial = trial_on(BARS, layers, epochs=3, batch_size=20)
    whole, evaluation = run(train(trial, BARS, device="cpu", folder=tmp_path / "whole"))
    interrupted = train(trial, BARS, device="cpu", folder=tmp_path / "parts")
    recorded = list(islice(interrupted, finished))
    interrupted.close()
    resumed, again = run(train(trial, BARS, device="cpu", folder=tmp_path / "parts"))
    assert resumed[:finished] == recorded  # the clock too: they are not trained again
    assert curve(resumed) == curve(whole)
    assert again.predictions.tolist() == evaluation.predictions.tolist()
    weights = [load_file(tmp_path / part / "weights.safetensors") for part in ("whole", "parts")]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.parametrize("layers", ["MaxPool 2, Conv 8x1, Dropout 0.25, Conv 8x1, Tanh", MODERN_KINDS, BLOCKS])
def test_an_interrupted_training_in_bf16_resumes_to_the_bit(tmp_path, monkeypatch, layers):
    monkeypatch.setattr("remap_core.training.learner.multiplies_bf16", lambda _: True)
    monkeypatch.setattr("remap_core.training.learner.MIN_MULTIPLY_ADDS_FOR_BF16", 1)
    trial = trial_on(BARS, layers, epochs=3, batch_size=20)
    assert Learner.create(trial.architecture, 0, "cpu").bf16
    whole, _ = run(train(trial, BARS, device="cpu"))
    interrupted = train(trial, BARS, device="cpu", folder=tmp_path)
    next(interrupted)
    interrupted.close()
    assert curve(run(train(trial, BARS, device="cpu", folder=tmp_path))[0]) == curve(whole)


def test_batch_norms_solve_an_easy_task_and_accept_a_last_batch_of_one_image():
    layers = "Conv 4x3 same, BatchNorm, SiLU, Dense 8, BatchNorm, GELU"
    trial = trial_on(BARS, layers, epochs=12, batch_size=83, learning_rate=0.01, decay=1.0)  # of 84 images
    epochs, evaluation = run(train(trial, BARS, device="cpu"))
    assert epochs[-1].validation_accuracy > 0.9
    assert (evaluation.predictions == BARS.validation.labels).mean() == epochs[-1].validation_accuracy


def test_a_training_that_was_stopped_within_an_epoch_resumes_after_the_last_complete_one(tmp_path):
    trial = trial_on(BARS, EVERY_KIND, epochs=3, batch_size=20)
    calls = count(1)
    stopped = train(trial, BARS, device="cpu", folder=tmp_path, should_stop=lambda: next(calls) == 9)
    recorded = [next(stopped)]
    with pytest.raises(TrainingStopped):
        next(stopped)
    resumed, _ = run(train(trial, BARS, device="cpu", folder=tmp_path))
    assert resumed[:1] == recorded
    assert curve(resumed) == curve(run(train(trial, BARS, device="cpu"))[0])


@pytest.mark.parametrize("damage", [lambda whole: whole[: len(whole) // 2], lambda whole: b"\x07" * len(whole)])
def test_with_a_damaged_checkpoint_the_training_starts_over_with_the_same_result(tmp_path, damage):
    trial = trial_on(BARS, EVERY_KIND, epochs=3, batch_size=20)
    interrupted = train(trial, BARS, device="cpu", folder=tmp_path)
    list(islice(interrupted, 2))
    interrupted.close()
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    assert curve(run(train(trial, BARS, device="cpu", folder=tmp_path))[0]) == curve(
        run(train(trial, BARS, device="cpu"))[0]
    )


def test_a_training_without_progress_ends_early_and_does_not_continue_when_started_again(tmp_path):
    trial = trial_on(BARS, "Dense 5, ReLU", epochs=9, learning_rate=1e-12, patience=2)
    epochs, evaluation = run(train(trial, BARS, device="cpu", folder=tmp_path))
    losses = [result.validation_loss for result in epochs]
    assert len(losses) == losses.index(min(losses)) + 3 < 9
    again, same = run(train(trial, BARS, device="cpu", folder=tmp_path))
    assert again == epochs
    assert same.predictions.tolist() == evaluation.predictions.tolist()


def test_ten_epochs_are_enough_for_the_digits():
    digits = load_dataset("digits")
    trial = trial_on(digits, "Conv 32x3, ReLU, Conv 32x3, ReLU, MaxPool 2", batch_size=32, learning_rate=5e-3)
    epochs, _ = run(train(trial, digits, device="cpu"))
    assert epochs[-1].validation_accuracy >= 0.97


@pytest.mark.data
def test_five_epochs_are_enough_for_the_papers_smallest_model_on_drawings(image_data):
    drawings = load_dataset(f"{image_data}/quickdraw_train.npz#8000")
    layers = "MaxPool 3, Conv 32x3, MaxPool 2, MaxPool 2"
    trial = trial_on(drawings, layers, epochs=5, batch_size=64, learning_rate=5e-3)
    assert trial.architecture.parameters == 1610
    epochs, _ = run(train(trial, drawings, device="cpu"))
    assert epochs[-1].validation_accuracy > 0.6
