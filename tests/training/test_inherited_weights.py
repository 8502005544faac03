"""A child before its first step: what it has of its parent. Numbers are those of NumPy, one output at a time."""

import json
from dataclasses import replace
from shutil import copyfile

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from small_tasks import BARS, run, trial_on
from strategies import architectures

from remap_core.errors import TrainingFailed, TrainingStopped
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Merge, Prepend, Remove, Reparameterize, apply_all
from remap_core.space.layers import Conv2d, Dense, Dropout, InvertedResidual, SeparableConv2d
from remap_core.space.markov.search_spaces import SPACES
from remap_core.space.merges import merges
from remap_core.space.text import parse_layers
from remap_core.space.variations import VariationRequest, everything_allowed, variations
from remap_core.training.checkpoints import Artifacts
from remap_core.training.inheritance.correspondence import Correspondence, chosen
from remap_core.training.inheritance.inherited_weights import inherit
from remap_core.training.inheritance.layer_weights import resized
from remap_core.training.learner import Learner
from remap_core.training.network.build import build
from remap_core.training.training_loop import train
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import QUICK
from remap_core.trials.trial import Origin, Proposal

seeds = st.integers(0, 2**31)


def architecture(text: str, shape: tuple[int, int, int] = (1, 12, 12)) -> Architecture:
    return Architecture(shape, 10, parse_layers(text))


def layer(text: str):
    return parse_layers(text)[0]


def trained(parent: Architecture, seed: int = 0) -> torch.nn.Sequential:
    """A network as a training leaves it: its batch norms have seen images."""
    torch.manual_seed(seed)
    network = build(parent)
    for module in network.modules():
        if getattr(module, "running_mean", None) is not None:
            for values, low, high in (
                (module.running_mean, -1, 1),
                (module.running_var, 0.5, 2),
                (module.weight.data, 0.5, 2),
                (module.bias.data, -1, 1),
            ):
                values.uniform_(low, high)
    return network.eval()


def born(parent: Architecture, edits, seed: int = 0) -> tuple[torch.nn.Sequential, torch.nn.Sequential]:
    """A parent's network and the one of its child, which starts from its weights."""
    before = trained(parent, seed)
    child = apply_all(parent, edits)
    torch.manual_seed(seed + 1)
    after = build(child)
    inherit(after, child, parent, before.state_dict(), edits)
    return before, after.eval()


def same_outputs(before, after, shape) -> bool:
    images = torch.randn(5, *shape)
    with torch.no_grad():
        expected, found = before(images), after(images)
    return torch.allclose(found, expected, rtol=1e-3, atol=1e-4 * (1 + float(expected.abs().max())))


PRESERVING = [
    ("Conv 8x3, ReLU, MaxPool 2, Conv 8x3, Dense 16", [Reparameterize(0, "filters", 20)]),
    ("Conv 8x3, ReLU, BatchNorm, Dropout 0.5, Dense 16", [Reparameterize(0, "filters", 16)]),
    ("Conv 8x3, ReLU, Dense 16, Tanh, Dense 8", [Reparameterize(2, "units", 64)]),
    ("SepConv 8x3 same, ReLU, SepConv 8x3 same", [Reparameterize(0, "filters", 16)]),
    ("Conv 8x3 same, ReLU, Residual 8, GlobalAvgPool", [Reparameterize(0, "filters", 12)]),
    ("Conv 8x3 same, ReLU, Residual 8, GlobalAvgPool", [Reparameterize(2, "filters", 12)]),
    ("Residual 12 stride 2, Residual 12, GlobalAvgPool, Dense 16", [Reparameterize(0, "filters", 24)]),
    ("MBConv 8x3 expand 3 stride 2 se, MBConv 8x3 expand 2", [Reparameterize(1, "expand", 6)]),
    ("Conv 8x3 same, ReLU, Dense 16", [Reparameterize(0, "kernel_size", 5)]),
    ("MBConv 8x3, MBConv 8x3 se, GlobalAvgPool", [Reparameterize(1, "kernel_size", 7)]),
    ("Conv 8x3 same, Tanh, Dense 16", [Prepend(1, layer("Conv 8x3 same"))]),
    ("Conv 8x3 same, Tanh, Dense 16", [Prepend(1, layer("Conv 16x1"))]),
    ("Conv 8x3 same, Tanh, Dense 16", [Prepend(1, layer("SepConv 16x5 same"))]),
    ("Conv 8x3, Tanh, Dense 16, Tanh", [Prepend(4, layer("Dense 20"))]),
    ("Conv 8x3, ReLU, Dense 16", [Prepend(2, layer("Residual 8"))]),
    ("Conv 8x3, Tanh, Dense 16", [Prepend(2, layer("MBConv 8x3 se"))]),
    ("Conv 8x3, Tanh, Dense 16", [Prepend(2, layer("Dropout 0.5"))]),
    ("Conv 8x3, Tanh, Dense 16", [Prepend(2, layer("BatchNorm"))]),
    ("Conv 8x3, ReLU, Dense 16", [Prepend(2, layer("ReLU"))]),
    ("Conv 8x3 same, Tanh, AvgPool 2, Dense 16", [Remove(2)]),
    ("Conv 8x3 same, Tanh, GlobalAvgPool, Dense 16", [Remove(2)]),
    ("Conv 8x3, Tanh, Dropout 0.5, Dense 16", [Remove(2)]),
    ("Conv 64x3, Conv 16x3, ReLU, Dense 64", [Merge(0, 2, layer("Conv 16x5"))]),
    ("Conv 4x3, AvgPool 2, Conv 8x3, ReLU, Dense 8", [Merge(0, 3, layer("Conv 8x8 stride 2"))]),
    ("Conv 4x3, ReLU, Conv 8x3, Dense 8", [Reparameterize(0, "filters", 8), Merge(2, 2, layer("Dense 8"))]),
]


@pytest.mark.parametrize(("text", "edits"), PRESERVING)
def test_a_child_of_such_an_edit_computes_what_its_parent_computes(text, edits):
    parent = architecture(text)
    assert same_outputs(*born(parent, edits), parent.input_shape)


@settings(deadline=None)
@given(architectures(max_layers=5), st.data(), seeds)
def test_more_units_change_no_output(parent, data, seed):
    kinds = {Conv2d: "filters", SeparableConv2d: "filters", Dense: "units"}
    wider = [index for index, one in enumerate(parent.layers) if type(one) in kinds]
    assume(wider)
    for one in parent.layers:
        assume(not isinstance(one, InvertedResidual))  # it has a shortcut only where its channels are as many
    index = data.draw(st.sampled_from(wider))
    name = kinds[type(parent.layers[index])]
    edits = [Reparameterize(index, name, getattr(parent.layers[index], name) + data.draw(st.integers(1, 9)))]
    assert same_outputs(*born(parent, edits, seed % 1000), parent.input_shape)


@settings(deadline=None)
@given(architectures(max_layers=5), st.data())
def test_a_margin_of_zeros_and_layers_that_do_nothing_change_no_output(parent, data):
    places = [
        index for index, shape in enumerate(parent.input_shapes) if len(shape) == 3 or index == len(parent.layers)
    ]
    index = data.draw(st.sampled_from(places))
    shape = parent.input_shapes[index]
    new = Dense(shape[0] + 3)
    if len(shape) == 3:
        new = data.draw(st.sampled_from([Conv2d(3, shape[0] + 2, 1, "same"), InvertedResidual(shape[0]), Dropout(0.5)]))
    if isinstance(new, Conv2d | Dense):
        for one in parent.layers[index:]:
            assume(not isinstance(one, InvertedResidual))
    assert same_outputs(*born(parent, [Prepend(index, new)]), parent.input_shape)


@settings(deadline=None)
@given(architectures(max_layers=6), seeds)
def test_merged_layers_change_no_output(parent, seed):
    for found in merges(parent)[:3]:
        assert same_outputs(*born(parent, found.edits, seed % 1000), parent.input_shape)


@settings(deadline=None, max_examples=60)
@given(architectures(max_layers=6), st.sampled_from(["remap-2019", "modern"]), seeds)
def test_whatever_the_edits_the_weights_fit_and_are_numbers(parent, space, seed):
    request = VariationRequest(3, 1 + seed % 3, everything_allowed(parent))
    for found in variations(parent, SPACES[space], request, np.random.default_rng(seed)).children:
        _, after = born(parent, found.edits)
        with torch.no_grad():
            assert after(torch.randn(2, *parent.input_shape)).shape == (2, parent.classes)
        assert all(torch.isfinite(tensor).all() for tensor in after.state_dict().values())


def test_kept_layers_are_copied_exactly():
    before, after = born(architecture("Conv 8x3, ReLU, Conv 4x3, Dense 16"), [Reparameterize(3, "units", 8)])
    for name in ("0.weight", "0.bias", "2.weight", "2.bias"):
        assert torch.equal(before.state_dict()[name], after.state_dict()[name])


def test_copies_of_a_unit_divide_its_outgoing_weights_by_numpy_too():
    before, after = born(architecture("Dense 3, Tanh, Dense 2", (1, 2, 2)), [Reparameterize(0, "units", 5)])
    old, new = ({name: tensor.numpy() for name, tensor in one.state_dict().items()} for one in (before, after))
    same = (new["1.weight"][:, None, :] == old["1.weight"][None, :, :]).all(axis=2)  # (5, 3)
    assert same.sum(axis=1).tolist() == [1] * 5
    np.testing.assert_allclose(new["3.weight"] @ same, old["3.weight"], rtol=1e-5)
    image = np.array([0.5, -1.0, 2.0, 0.25], np.float32)
    hidden = np.tanh(new["1.weight"] @ image + new["1.bias"])
    logits = new["4.weight"] @ (new["3.weight"] @ hidden + new["3.bias"]) + new["4.bias"]
    np.testing.assert_allclose(before(torch.tensor(image).view(1, 1, 2, 2)).detach().numpy()[0], logits, rtol=1e-4)


def test_copies_do_not_stay_copies():
    """With equal parts of the outgoing weights, Adam would take the same step for all copies."""
    _, after = born(architecture("Dense 3, Tanh, Dense 2", (1, 2, 2)), [Reparameterize(0, "units", 6)])
    optimizer = torch.optim.AdamW(after.parameters(), lr=0.01)
    torch.nn.functional.cross_entropy(after(torch.randn(8, 1, 2, 2)), torch.arange(8) % 10).backward()
    optimizer.step()
    assert len({tuple(row) for row in after[1].weight.tolist()}) == 6


def test_fewer_units_are_those_of_the_largest_norms():
    before, after = born(architecture("Conv 6x3, ReLU, Dense 4"), [Reparameterize(0, "filters", 2)])
    kernels = before[0].weight.detach().numpy()
    largest = np.sort(np.argsort(np.linalg.norm(kernels.reshape(6, -1), axis=1))[-2:])
    np.testing.assert_array_equal(after[0].weight.detach().numpy(), kernels[largest])
    outgoing = before.state_dict()["3.weight"].numpy().reshape(4, 6, 10, 10)
    np.testing.assert_array_equal(after.state_dict()["3.weight"].numpy().reshape(4, 2, 10, 10), outgoing[:, largest])


@pytest.mark.parametrize(("before", "after"), [(3, 5), (5, 3), (2, 5), (4, 3), (3, 3)])
def test_kernels_are_centred(before, after):
    kernel = np.arange(before * before, dtype=np.float32).reshape(before, before) + 1
    found = resized(torch.tensor(kernel), after).numpy()
    assert found.shape == (after, after)
    if after >= before:
        np.testing.assert_array_equal(found[found > 0], kernel.ravel())
        assert abs(int(found[0].sum() == 0) - int(found[-1].sum() == 0)) <= 1
    else:
        first = (before - after) // 2
        np.testing.assert_array_equal(found, kernel[first : first + after, first : first + after])


def test_an_image_of_another_size_is_averaged_as_by_adaptive_pooling():
    weight = torch.randn(3, 2 * 3 * 3)
    images = torch.randn(4, 2, 7, 5)
    mixed = Correspondence((2, 3, 3), (2, 7, 5), torch.arange(2)).mixed_image(weight)
    pooled = torch.nn.functional.adaptive_avg_pool2d(images, 3).flatten(1)
    torch.testing.assert_close(images.flatten(1) @ mixed.T, pooled @ weight.T)


def test_all_units_come_before_their_copies():
    torch.manual_seed(0)
    assert chosen(5, torch.ones(3)).tolist()[:3] == [0, 1, 2]


def test_what_does_not_correspond_starts_as_any_new_layer():
    edits = [Remove(0)]
    parent = architecture("Conv 8x3, Conv 4x3, ReLU, Dense 16")
    before = trained(parent)
    child = apply_all(parent, edits)
    torch.manual_seed(7)
    fresh = build(child)
    torch.manual_seed(7)
    after = build(child)
    inherit(after, child, parent, before.state_dict(), edits)
    assert torch.equal(after[0].weight, fresh[0].weight)  # it sees one channel instead of eight


# In a training

CHAIN = "Conv 4x3, ReLU, Dense 8, ReLU"


def child_of(model, *edits, epochs: int = 3):
    config = TrainingConfig(epochs, 20, QUICK, start=model.id)
    child = apply_all(model.architecture, edits)
    proposal = Proposal(child, BARS.name, config, Origin.VARIATION, parent=model.id, edits=edits)
    return replace(model, id=model.id + 1, proposal=proposal)


@pytest.fixture
def model(tmp_path):
    """A trained model; its weights are where a child of it starts."""
    model = trial_on(BARS, CHAIN, epochs=8, batch_size=20, recipe=QUICK)
    run(train(model, BARS, device="cpu", folder=tmp_path / "model"))
    (tmp_path / "child").mkdir()
    copyfile(tmp_path / "model" / "weights.safetensors", tmp_path / "child" / "start.safetensors")
    return model


def test_a_child_starts_near_where_its_parent_ended(tmp_path, model):
    child = child_of(model, Reparameterize(2, "units", 16))
    inherited, _ = run(train(child, BARS, device="cpu", folder=tmp_path / "child"))
    scratch = trial_on(BARS, "Conv 4x3, ReLU, Dense 16, ReLU", epochs=3, batch_size=20, recipe=QUICK)
    fresh, _ = run(train(scratch, BARS, device="cpu"))
    assert inherited[0].train_loss < fresh[0].train_loss / 2
    assert sorted(path.name for path in (tmp_path / "child").iterdir()) == ["weights.safetensors"]


@pytest.mark.parametrize("stopped_after", [0, 1])
def test_a_child_is_trained_to_the_bit_again_even_if_it_was_interrupted(tmp_path, model, stopped_after):
    child = child_of(model, Reparameterize(2, "units", 16), epochs=2)
    (tmp_path / "other").mkdir()
    copyfile(tmp_path / "child" / "start.safetensors", tmp_path / "other" / "start.safetensors")
    whole, _ = run(train(child, BARS, device="cpu", folder=tmp_path / "child"))
    interrupted = train(child, BARS, device="cpu", folder=tmp_path / "other", should_stop=lambda: stopped_after == 0)
    if stopped_after:
        next(interrupted)
        interrupted.close()
    else:
        with pytest.raises(TrainingStopped):
            next(interrupted)
    resumed, _ = run(train(child, BARS, device="cpu", folder=tmp_path / "other"))
    assert [replace(one, seconds=0) for one in resumed] == [replace(one, seconds=0) for one in whole]
    assert (tmp_path / "child" / "weights.safetensors").stat().st_size
    torch.testing.assert_close(*(weights(tmp_path / name) for name in ("child", "other")), rtol=0, atol=0)


def weights(folder):
    return load_file(folder / "weights.safetensors")


def test_weights_of_a_parent_of_other_images_are_one_sentence(tmp_path, model):
    wide = Architecture((1, 14, 14), model.architecture.classes, parse_layers("Dense 8"))
    child = replace(child_of(model), proposal=replace(child_of(model).proposal, architecture=wide, edits=()))
    learner = Learner.create(wide, 0, "cpu")
    with pytest.raises(TrainingFailed, match=r"weights of its parent: its parent was trained on other images"):
        Artifacts(tmp_path / "child", child).load_start(learner)


def test_weights_without_an_architecture_are_one_sentence(tmp_path, model):
    (tmp_path / "child" / "start.safetensors").unlink()
    save_file({"0.weight": torch.zeros(3)}, tmp_path / "child" / "start.safetensors", {"architecture": json.dumps({})})
    with pytest.raises(TrainingFailed, match=r"^The model cannot start from the weights of its parent: "):
        run(train(child_of(model, Remove(1)), BARS, device="cpu", folder=tmp_path / "child"))


def test_batch_norms_of_copies_are_copies():
    before, after = born(architecture("Conv 3x3, BatchNorm, ReLU"), [Reparameterize(0, "filters", 5)])
    assert set(after[1].running_var.tolist()) == set(before[1].running_var.tolist())
