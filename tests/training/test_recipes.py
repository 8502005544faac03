"""Trainings by other recipes than the paper's."""

from dataclasses import replace
from itertools import islice
from shutil import copyfile

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_tasks import BARS, curve, run, trial_on
from torch import nn
from torch.nn.functional import cross_entropy

from remap_core.errors import TrainingFailed
from remap_core.training.learner import Learner, seeded
from remap_core.training.training_loop import train
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import QUICK, RECIPES, TrainingRecipe
from remap_core.trials.trial import Origin, Proposal

EVERYTHING = TrainingRecipe(
    "everything", 0.02, warm_up=0.3, weight_decay=0.2, label_smoothing=0.1, max_gradient_norm=0.5
)
CHAIN = "Conv 4x3, BatchNorm, ReLU, Conv 3x3, Tanh"


def test_the_curve_of_a_full_recipe_is_that_of_a_textbook_loop():
    trial = trial_on(BARS, CHAIN, epochs=4, batch_size=21, recipe=EVERYTHING)
    epochs, _ = run(train(trial, BARS, device="cpu"))
    network = Learner.create(trial.architecture, 0, "cpu").network.to(memory_format=torch.contiguous_format)
    kernels = [weight for name, weight in network.named_parameters() if name.endswith("weight") and weight.dim() > 1]
    others = [weight for weight in network.parameters() if weight.dim() == 1]
    adamw = torch.optim.AdamW([{"params": kernels}, {"params": others, "weight_decay": 0}], lr=0.02, weight_decay=0.2)
    smoothed = nn.CrossEntropyLoss(label_smoothing=0.1)
    step = 0
    for result in epochs:
        losses = []
        with seeded("cpu", 0, result.epoch):
            order = torch.randperm(84).numpy()
        network.train()
        for rows in np.split(order, 4):
            step += 1
            logits, labels = textbook_outputs(network, BARS.train.take(rows))
            losses.append(cross_entropy(logits, labels).item())
            adamw.zero_grad()
            smoothed(logits, labels).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            for group in adamw.param_groups:
                group["lr"] = textbook_rate(step / 16)
            adamw.step()
        network.eval()
        logits, labels = textbook_outputs(network, BARS.validation)
        assert result.train_loss == pytest.approx(np.mean(losses), rel=2e-3)
        assert result.validation_loss == pytest.approx(cross_entropy(logits, labels).item(), rel=2e-3)


def textbook_rate(progress: float) -> float:
    if progress <= 0.3:
        return 0.02 * (0.04 + 0.96 * progress / 0.3)
    return 0.02 * (1 + np.cos(np.pi * (progress - 0.3) / 0.7)) / 2


def textbook_outputs(network, images):
    pixels = (images.images.transpose(0, 3, 1, 2) - BARS.train.images.mean()) / BARS.train.images.std()
    return network(torch.tensor(pixels, dtype=torch.float32)), torch.tensor(images.labels).long()


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_an_interrupted_training_continues_to_the_same_weights_by_every_recipe(recipe, tmp_path):
    changed = recipe.with_augmentation(["shift"])
    trial = trial_on(BARS, f"{CHAIN}, Dropout 0.25", epochs=5, batch_size=20, recipe=changed)
    whole, _ = run(train(trial, BARS, device="cpu", folder=tmp_path / "whole"))
    list(islice(train(trial, BARS, device="cpu", folder=tmp_path / "parts"), 3))
    parts, _ = run(train(trial, BARS, device="cpu", folder=tmp_path / "parts"))
    assert curve(parts) == curve(whole)
    first, second = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "parts"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_recipe_changes_training_images_and_no_others():
    plain = trial_on(BARS, CHAIN, epochs=1, recipe=QUICK)
    shifted = trial_on(BARS, CHAIN, epochs=1, recipe=QUICK.with_augmentation(["shift"]))
    first, second = (run(train(trial, BARS, device="cpu"))[0][0] for trial in (plain, shifted))
    assert first.train_loss != second.train_loss


def test_what_images_of_a_pixel_cannot_have_is_one_sentence():
    tiny = replace(BARS, train=replace(BARS.train, images=BARS.train.images[:, :1, :1]))
    tiny = replace(tiny, validation=replace(BARS.validation, images=BARS.validation.images[:, :1, :1]))
    trial = trial_on(tiny, "Dense 4", recipe=QUICK.with_augmentation(["shift"]))
    with pytest.raises(TrainingFailed, match=r"must have at least 8 pixels a side, but these are 1 x 1\.$"):
        run(train(trial, tiny, device="cpu"))


def finish(trial, epochs: int = 3, **config):
    wanted = TrainingConfig(epochs, 20, QUICK, start=trial.id, **config)
    proposal = Proposal(trial.architecture, BARS.name, wanted, Origin.FINISH, parent=trial.id)
    return replace(trial, id=trial.id + 1, proposal=proposal)


def test_a_finish_starts_from_the_weights_of_its_model(tmp_path):
    model = trial_on(BARS, CHAIN, epochs=8, batch_size=20, recipe=QUICK)
    trained, _ = run(train(model, BARS, device="cpu", folder=tmp_path / "model"))
    (tmp_path / "finish").mkdir()
    copyfile(tmp_path / "model" / "weights.safetensors", tmp_path / "finish" / "start.safetensors")
    finished, _ = run(train(finish(model), BARS, device="cpu", folder=tmp_path / "finish"))
    assert finished[0].train_loss < trained[0].train_loss / 2
    assert sorted(path.name for path in (tmp_path / "finish").iterdir()) == ["weights.safetensors"]


def test_a_finish_without_weights_to_start_from_is_one_sentence(tmp_path):
    model = trial_on(BARS, CHAIN)
    with pytest.raises(TrainingFailed, match="The weights that the training starts from cannot be read"):
        run(train(finish(model), BARS, device="cpu", folder=tmp_path))


def test_a_finish_from_the_weights_of_another_network_is_one_sentence(tmp_path):
    other = trial_on(BARS, "Dense 4", epochs=1)
    run(train(other, BARS, device="cpu", folder=tmp_path))
    (tmp_path / "weights.safetensors").rename(tmp_path / "start.safetensors")
    with pytest.raises(TrainingFailed, match=r"are not those of its network\.$"):
        run(train(finish(trial_on(BARS, CHAIN)), BARS, device="cpu", folder=tmp_path))
