import pytest
import torch
from torch import nn

from remap_core.training.adamw import AdamW


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))


@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
def test_its_steps_are_those_of_pytorch_to_the_bit(weight_decay):
    ours, theirs = network(), network()
    optimizer = AdamW(ours, "cpu", weight_decay)
    decaying = [parameter for parameter in theirs.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in theirs.parameters() if parameter.dim() == 1]
    groups = [{"params": decaying, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    reference = torch.optim.AdamW(groups, fused=True)
    for step in range(1, 6):
        images = torch.randn(8, 1, 8, 8)
        optimizer.forget_gradients()
        reference.zero_grad()
        for made in (ours, theirs):
            nn.functional.cross_entropy(made(images), torch.arange(8) % 3).backward()
        for group in reference.param_groups:
            group["lr"] = 0.1 / step
        optimizer.step(0.1 / step)
        reference.step()
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(own, other)
        for name, tensor in optimizer.tensors(own):
            assert torch.equal(tensor, reference.state[other][name])


def test_a_weight_without_a_gradient_stays_as_it_is():
    made = network()
    optimizer = AdamW(made, "cpu", weight_decay=0.1)
    before = [parameter.clone() for parameter in made.parameters()]
    made[4].weight.grad = torch.ones_like(made[4].weight)
    optimizer.step(0.1)
    changed = [not torch.equal(*pair) for pair in zip(made.parameters(), before, strict=True)]
    names = [name for name, _ in made.named_parameters()]
    assert [name for name, is_changed in zip(names, changed, strict=True) if is_changed] == ["4.weight"]
    steps = [dict(optimizer.tensors(parameter))["step"].item() for parameter in made.parameters()]
    assert steps == [0, 0, 0, 0, 1, 0]
    optimizer.forget_gradients()
    assert made[4].weight.grad is None
