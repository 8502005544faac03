import pickle
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from small_tasks import BARS, curve, run, trial_on

from remap_core.datasets.augmentation import apply_changes, draw_changes
from remap_core.datasets.recipe import AUGMENTATIONS, Recipe
from remap_core.errors import TrainingFailed
from remap_core.training import training_loop
from remap_core.training.image_changes import ImageChanges
from remap_core.training.jobs import train_on_node
from remap_core.training.training_loop import train

LAYERS = "MaxPool 2, Conv 4x3, Dropout 0.25, Tanh"


def augmented(*augmentation: str):
    return replace(BARS, recipe=Recipe("/bars", "class folders", 8, "grey", "crop", "white", augmentation=augmentation))


@given(
    st.lists(st.sampled_from(AUGMENTATIONS), unique=True), st.integers(8, 20), st.integers(8, 20), st.integers(0, 99)
)
def test_training_and_preview_change_images_alike(augmentation, height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (5, height, width, 3)).astype(np.float32)
    changes = draw_changes(5, height, width, augmentation, np.random.default_rng(seed))
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    changed = ImageChanges.of(changes, "cpu").apply(batch, torch.arange(5)).permute(0, 2, 3, 1)
    assert changed.numpy() == pytest.approx(apply_changes(pixels, changes), abs=0.05)


def test_an_interrupted_training_with_augmentation_resumes_to_the_bit(tmp_path):
    dataset = augmented(*AUGMENTATIONS)
    trial = trial_on(dataset, LAYERS, epochs=3, batch_size=20)
    whole, _ = run(train(trial, dataset, device="cpu", folder=tmp_path / "whole"))
    interrupted = train(trial, dataset, device="cpu", folder=tmp_path / "parts")
    list(islice(interrupted, 2))
    interrupted.close()
    resumed, _ = run(train(trial, dataset, device="cpu", folder=tmp_path / "parts"))
    assert curve(resumed) == curve(whole)
    first, again = (load_file(tmp_path / part / "weights.safetensors") for part in ("whole", "parts"))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_a_recipe_without_augmentation_trains_as_no_recipe_does():
    trial = trial_on(BARS, LAYERS, epochs=2, batch_size=20)
    plain, _ = run(train(trial, BARS, device="cpu"))
    assert curve(run(train(trial, augmented(), device="cpu"))[0]) == curve(plain)
    assert curve(run(train(trial, augmented("flip"), device="cpu"))[0]) != curve(plain)


def test_every_epoch_changes_the_training_images_again_and_no_others(monkeypatch):
    seen = []

    def remember(self, images, order, *arguments):
        seen.append(next(images.batches(torch.arange(84), 84, lambda: False))[0])
        return train_epoch(self, images, order, *arguments)

    def remember_evaluated(self, images, should_stop):
        assert images.changes is None
        return evaluate(self, images, should_stop)

    train_epoch, evaluate = training_loop.Learner.train_epoch, training_loop.Learner.evaluate
    monkeypatch.setattr(training_loop.Learner, "train_epoch", remember)
    monkeypatch.setattr(training_loop.Learner, "evaluate", remember_evaluated)
    dataset = augmented("brightness")
    run(train(trial_on(dataset, LAYERS, epochs=2), dataset, device="cpu"))
    assert not torch.equal(*seen)


def test_a_node_of_a_cluster_changes_images_alike(tmp_path):
    dataset = augmented("shift", "flip")
    trial = trial_on(dataset, LAYERS, epochs=2, batch_size=20)
    sent = pickle.loads(pickle.dumps(dataset))  # noqa: S301 (as Ray does with what it is given)
    here, _ = run(train(trial, dataset, device="cpu"))
    there, _ = run(train_on_node(trial, lambda: False, dataset=sent, folder=tmp_path, device="cpu"))
    assert curve(there) == curve(here)


def test_images_that_cannot_be_augmented_fail_the_training_with_the_rule():
    dataset = augmented("shift")
    pixels = [replace(part, images=part.images[:, :6]) for part in (dataset.train, dataset.validation, dataset.test)]
    small = replace(dataset, train=pixels[0], validation=pixels[1], test=pixels[2])
    with pytest.raises(TrainingFailed, match="bars cannot be augmented: Shifted images must have at least 8 pixels"):
        next(train(trial_on(small, "Dense 4"), small, device="cpu"))
