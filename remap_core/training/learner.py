"""A network that is being trained: one pass to learn, one to be judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from remap_core.space.architecture import Architecture
from remap_core.space.execution_plan import ExecutionPlan, cheapest_plan, static_prefix
from remap_core.space.layers import BatchNorm
from remap_core.training.device import multiplies_bf16
from remap_core.training.device_data import DeviceImages
from remap_core.training.network.build import build
from remap_core.training.network.fusion import body_of

JUDGED_AT_ONCE = {"cpu": 256, "cuda": 2048}
"""Most images a batch without gradients."""
MOST_VALUES_AT_ONCE = 6_500_000
"""That one layer puts out on a CPU: a batch with more is learnt in parts, which stay nearer to its caches. Two
trainings beside each other took 0.5 to 0.9 of the time of whole batches of 256."""

ALL_AT_ONCE = 2**31
"""More than any batch: on a GPU, where parts were not measured."""
LEAST_FOR_BF16 = 25_000_000
"""Multiply-adds of a batch; with fewer, to convert costs more than bf16 saves."""
MOST_BYTES_AHEAD = 2**28
"""Of images behind the first modules, kept by one training."""


class Score(NamedTuple):
    """Mean cross-entropy of the images in nats, and the share of them that is classified rightly."""

    loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Learner:
    """A network and its optimiser, on one device. With `bf16` it learns by products in bf16; weights stay float32.

    body: what computes what the network does, with its weights, in less time; its first `unchanging` modules learn
    nothing and draw nothing.
    at_once: the most images that pass through the network together while it learns; a batch of more is learnt in
    parts, whose gradients are added up. With `whole` there are no parts: batch norm looks at the whole batch.
    """

    network: nn.Sequential
    body: nn.Sequential
    optimizer: torch.optim.Adam
    unchanging: int
    bf16: bool = False
    at_once: int = ALL_AT_ONCE
    whole: bool = False

    @classmethod
    def begin(cls, architecture: Architecture, seed: int, device: str, batch_size: int = 256) -> Learner:
        """A fresh network, to learn in batches of this size; the same seed gives the same weights on every device."""
        plan = cheapest_plan(architecture, batch_size) if device == "cpu" else ExecutionPlan(architecture, batch_size)
        at_once = max(1, MOST_VALUES_AT_ONCE // max(plan.activation_sizes)) if device == "cpu" else ALL_AT_ONCE
        with seeded("cpu", seed, 0):
            network = build(architecture, min(at_once, batch_size))
        # channels_last took 0.4 to 0.9 of the time of the usual layout on a CPU, a fused Adam 0.93 of a plain one
        network = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.Adam(network.parameters(), fused=True)
        for parameter in network.parameters():  # Adam would do so at its first step; a checkpoint needs them before
            optimizer.state[parameter] = {
                "step": torch.zeros((), device=device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
        pays = plan.multiply_adds * batch_size >= LEAST_FOR_BF16
        bf16 = device == "cpu" and multiplies_bf16() and pays
        whole = any(isinstance(layer, BatchNorm) for layer in architecture.layers)
        return cls(network, body_of(network, plan), optimizer, static_prefix(architecture), bf16, at_once, whole)

    def ahead(self, images: DeviceImages, should_stop: Callable[[], bool]) -> DeviceImages:
        """The images behind the network's first modules that never change, once for all epochs, where these fit."""
        modules = self.body[: self.unchanging]
        one = images.pixels[:1].permute(0, 3, 1, 2).float()
        if not len(modules) or 4 * len(images.labels) * modules(one).numel() > MOST_BYTES_AHEAD:
            return images
        return images.behind(modules, should_stop)

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Everything that learning changes, by name: weights, running statistics, Adam's moments. Not copies."""
        for name, buffer in self.network.named_buffers():
            yield f"network.{name}", buffer
        for name, parameter in self.network.named_parameters():
            yield f"network.{name}", parameter.detach()
            for moment, tensor in self.optimizer.state[parameter].items():
                yield f"adam.{name}.{moment}", tensor.detach()

    def learn(
        self, images: DeviceImages, order: Tensor, batch_size: int, rate: float, should_stop: Callable[[], bool]
    ) -> Score:
        """One epoch over `images` in this order; the score is the batches' mean, each before its step."""
        self.body.train()
        self.optimizer.param_groups[0]["lr"] = rate
        body, losses, answers = self.body[images.applied :], [], []
        for inputs, gold in images.batches(order, batch_size, should_stop):
            self.optimizer.zero_grad()
            share = torch.full((), 1 / len(gold), device=gold.device)
            parts = 1 if self.whole else -(-len(gold) // self.at_once)
            for some, theirs in zip(inputs.chunk(parts), gold.chunk(parts), strict=True):
                with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
                    logits = body(some).float()
                loss = cross_entropy(logits, theirs, reduction="sum")
                loss.backward(share)  # type: ignore[no-untyped-call]
                losses.append(loss.detach())
                answers.append(logits.detach())
            self.optimizer.step()
        return _score(losses, torch.cat(answers).argmax(1), images.labels[order.to(images.labels.device)])

    @torch.inference_mode()
    def judge(self, images: DeviceImages, should_stop: Callable[[], bool]) -> tuple[Score, NDArray[np.uint8]]:
        """The score on all of `images` in evaluation (no dropout), and the predicted classes, (n,) uint8.

        Always in float32, as exported weights are used.
        """
        self.body.eval()
        body, losses, answers = self.body[images.applied :], [], []
        # float32 takes twice the bytes of bf16
        at_once = min(JUDGED_AT_ONCE[images.labels.device.type], max(1, self.at_once // 2))
        for inputs, gold in images.batches(torch.arange(len(images.labels)), at_once, should_stop):
            answers.append(body(inputs))
            losses.append(cross_entropy(answers[-1], gold, reduction="sum"))
        predicted = torch.cat(answers).argmax(1)
        return _score(losses, predicted, images.labels), predicted.to(torch.uint8).cpu().numpy()


@contextmanager
def seeded(device: str, *entropy: int) -> Iterator[None]:
    """What torch draws inside depends on `entropy` alone; what it draws after, not on what happened inside."""
    seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
    gpus = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with torch.random.fork_rng(gpus, device_type="cuda"):
        torch.default_generator.manual_seed(seed)
        for gpu in gpus:
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(seed)
        yield


def _score(losses: list[Tensor], predicted: Tensor, gold: Tensor) -> Score:
    """Of summed losses, and (n,) predicted and gold classes."""
    right = (predicted == gold).sum()
    return Score((torch.stack(losses).double().sum() / len(gold)).item(), (right.double() / len(gold)).item())
