"""A network in training, with its optimizer: one method trains an epoch, one evaluates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

from remap_core.space.architecture import Architecture
from remap_core.space.execution_plan import ExecutionPlan, cheapest_plan, static_prefix
from remap_core.training.adamw import AdamW
from remap_core.training.device import multiplies_bf16
from remap_core.training.device_data import DeviceImages
from remap_core.training.network.build import build
from remap_core.training.network.fusion import fused_network
from remap_core.trials.class_labels import Labels, as_labels
from remap_core.trials.training_recipe import PAPER, TrainingRecipe

MAX_EVALUATION_BATCH = {"cpu": 256, "cuda": 2048}
"""Images per batch without gradients."""
MAX_LAYER_VALUES = 6_500_000
"""Values in the output of one operation on a CPU. A larger batch is trained in parts, which stay closer to the CPU's
caches: two trainings side by side took 0.5 to 0.9 of the time of undivided batches of 256."""
UNLIMITED_IMAGES = 2**31
"""More than any batch, for GPUs: there parts were not measured."""
MIN_MULTIPLY_ADDS_FOR_BF16 = 25_000_000
"""Of a batch: below it conversions cost more than bf16 saves."""
MAX_PRECOMPUTED_BYTES = 2**28
"""Memory that one training may use for the outputs of its first modules."""


class Score(NamedTuple):
    """Mean cross-entropy of the images in nats, and the share of them that is classified correctly."""

    loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Learner:
    """A network and its optimizer on one device.

    network: one module per layer; its weights are float32 and are what is exported.
    fused: computes what `network` does, with the same weights, in less time.
    static_modules: how many first modules of `fused` have no weights and no randomness.
    bf16: whether training multiplies in bf16.
    max_images: how many images pass through the network at once in training; a larger batch is trained in parts whose
    gradients are added up. Not with `needs_whole_batches`: batch norm has to see the whole batch.
    """

    network: nn.Sequential
    fused: nn.Sequential
    optimizer: AdamW
    recipe: TrainingRecipe
    static_modules: int
    bf16: bool = False
    max_images: int = UNLIMITED_IMAGES
    needs_whole_batches: bool = False

    @classmethod
    def create(
        cls,
        architecture: Architecture,
        seed: int,
        device: str,
        batch_size: int = 256,
        recipe: TrainingRecipe = PAPER,
    ) -> Learner:
        """A network to train in batches of this size; the same seed gives the same initial weights on any device."""
        plan = ExecutionPlan(architecture, batch_size)
        max_images = UNLIMITED_IMAGES
        if device == "cpu":
            plan = cheapest_plan(architecture, batch_size)
            max_images = max(1, MAX_LAYER_VALUES // max(plan.operation_sizes))
        is_large = plan.multiply_adds * batch_size >= MIN_MULTIPLY_ADDS_FOR_BF16
        with seeded("cpu", seed, 0):
            network = build(architecture, min(max_images, batch_size))
        # on a CPU channels_last took 0.4 to 0.9 of the time of the default layout
        network = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls(
            network=network,
            fused=fused_network(network, plan),
            optimizer=AdamW(network, device, recipe.weight_decay),
            recipe=recipe,
            static_modules=static_prefix(architecture),
            bf16=is_large and multiplies_bf16(device),
            max_images=max_images,
            needs_whole_batches=any(layer.uses_batch_statistics for layer in architecture.layers),
        )

    def precompute(self, images: DeviceImages, should_stop: Callable[[], bool]) -> DeviceImages:
        """Apply the static first modules once for all epochs, where their outputs are not too large."""
        modules = self.fused[: self.static_modules]
        if not len(modules):
            return images
        first_image = images.pixels[:1].permute(0, 3, 1, 2).float()
        values = len(images.labels) * modules(first_image).numel()
        if 4 * values > MAX_PRECOMPUTED_BYTES:
            return images
        return images.apply(modules, should_stop)

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """All that training changes, by name: weights, running statistics and Adam's moments. They are not copied."""
        for name, buffer in self.network.named_buffers():
            yield f"network.{name}", buffer
        for name, parameter in self.network.named_parameters():
            yield f"network.{name}", parameter.detach()
            for moment, tensor in self.optimizer.tensors(parameter):
                yield f"adam.{name}.{moment}", tensor

    def train_epoch(
        self,
        images: DeviceImages,
        order: Tensor,
        batch_size: int,
        learning_rates: Iterable[float],
        should_stop: Callable[[], bool],
    ) -> Score:
        """Train on all of `images` in this order; each image counts in the score as it was before its batch's step.

        learning_rates: one for each batch.
        """
        self.fused.train()
        modules = self.fused[images.applied_modules :]
        losses: list[Tensor] = []
        predicted: list[Tensor] = []
        batches = images.batches(order, batch_size, should_stop)
        for (inputs, labels), learning_rate in zip(batches, learning_rates, strict=False):
            self.optimizer.forget_gradients()
            share = 1 / len(labels)
            parts = self._parts(len(labels))
            for part, part_labels in zip(inputs.chunk(parts), labels.chunk(parts), strict=True):
                with torch.autocast(part.device.type, torch.bfloat16, enabled=self.bf16):
                    output = modules(part).float()
                loss = cross_entropy(output, part_labels, reduction="sum")
                target = self._smoothed(loss, output)
                # not backward(share): what that imports of PyTorch takes 45 MB and a second
                (target * share).backward()  # type: ignore[no-untyped-call]
                losses.append(loss.detach())
                predicted.append(output.detach().argmax(1))
            if self.recipe.max_gradient_norm:
                nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.max_gradient_norm)
            self.optimizer.step(learning_rate)
        predictions = torch.cat(predicted)
        return _score(losses, predictions, images.labels[order.to(images.labels.device)])

    @torch.inference_mode()
    def evaluate(self, images: DeviceImages, should_stop: Callable[[], bool]) -> tuple[Score, Labels]:
        """The score on `images` in evaluation mode (no dropout), and the predicted classes, (n,).

        Always in float32, as exported models are used.
        """
        self.fused.eval()
        modules = self.fused[images.applied_modules :]
        losses: list[Tensor] = []
        predicted: list[Tensor] = []
        rows = torch.arange(len(images.labels))
        for inputs, labels in images.batches(rows, self._evaluation_batch(images), should_stop):
            output = modules(inputs)
            predicted.append(output.argmax(1))
            losses.append(cross_entropy(output, labels, reduction="sum"))
        predictions = torch.cat(predicted)
        score = _score(losses, predictions, images.labels)
        return score, as_labels(predictions.cpu().numpy(), classes=output.shape[1])

    def _smoothed(self, loss: Tensor, output: Tensor) -> Tensor:
        """The summed cross-entropy where a share of each target is spread over all classes. output: (n, classes)."""
        share = self.recipe.label_smoothing
        if not share:
            return loss
        spread = -log_softmax(output, dim=1).mean(1).sum()
        return torch.lerp(loss, spread, share)

    def _parts(self, batch: int) -> int:
        """How many parts a batch is trained in."""
        if self.needs_whole_batches:
            return 1
        return -(-batch // self.max_images)

    def _evaluation_batch(self, images: DeviceImages) -> int:
        fitting = max(1, self.max_images // 2)  # float32 takes twice the bytes of bf16
        return min(MAX_EVALUATION_BATCH[images.labels.device.type], fitting)


@contextmanager
def seeded(device: str, *entropy: int) -> Iterator[None]:
    """Seed torch's random numbers within the block by `entropy`; afterwards they continue as if there was no block."""
    seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
    gpus = []
    if torch.device(device).type == "cuda":
        gpus.append(torch.device(device))
    with torch.random.fork_rng(gpus, device_type="cuda"):
        torch.default_generator.manual_seed(seed)
        for gpu in gpus:
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(seed)
        yield


def _score(losses: list[Tensor], predictions: Tensor, labels: Tensor) -> Score:
    """From summed losses of parts of the images, and (n,) predicted and true classes."""
    correct = (predictions == labels).sum()
    loss = torch.stack(losses).double().sum() / len(labels)
    accuracy = correct.double() / len(labels)
    return Score(loss.item(), accuracy.item())
