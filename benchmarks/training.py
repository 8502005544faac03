"""How fast trainings are, compared with the plain PyTorch loop of the tutorials, on real Quick, Draw! images.

    python -m benchmarks.training --images 16000 --epochs 2 --seeds 2

Plain: PyTorch's own modules, a DataLoader with ToTensor, float32, a validation pass per epoch, one training after the
other on all cores. Ours: what the product does, worker processes with the data set in memory, as many trainings at
once as cores; a free worker gets the next seed at once. Both train the same architectures (the published picks of
Cashman et al. 2019 among them) with the same configuration, seeds and images. "Times faster" is the plain loop's
seconds divided by ours, for all seeds of an architecture. "Of the peak" is the achieved arithmetic (3 x 2 multiply-
adds per training image, 2 per validation image) divided by what a matrix product reaches on the same cores, in float32
and in bf16. Accuracies are on the validation images. With --without-numba our workers do without the extra `fast`.

    python -m benchmarks.training --digits
    python -m benchmarks.training --paper

Two other figures. Digits: the product's first population, 40 models x 10 epochs, from the start of a trainer on an
empty folder until all are complete, compared with the plain loop, whose imports are not counted. Paper: how long 100
sampled models on 16,000 images would take for 10 epochs, extrapolated from one epoch of every fifth of them (sorted by
multiply-adds), compared with the four hours that the paper reports for its GPU.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.trainers import trainer, until_done
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.datasets.images import Images
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost
from remap_core.space.layers import Activation, AvgPool2d, Conv2d, Dense, Dropout, MaxPool2d
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import REMAP_2019
from remap_core.trainer.executors.base import EpochDone, Failed, Finished, Lost
from remap_core.trainer.executors.processes import LocalExecutor
from remap_core.training.jobs import PRELOADED
from remap_core.trials.evaluation import EpochResult, Evaluation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import PAPER, RECIPES
from remap_core.trials.trial import Proposal, Trial, TrialState

if TYPE_CHECKING:
    from torch import nn

PUBLISHED = (
    (MaxPool2d(3), Conv2d(3, 32), MaxPool2d(2), MaxPool2d(2)),
    (Conv2d(3, 64), MaxPool2d(3), Activation("relu"), MaxPool2d(3)),
    (Conv2d(5, 16), MaxPool2d(5), Dense(256), Activation("relu")),
)
"""The paper's picks of 1,610, 16,650 and 412,842 parameters, which determine the kernel sizes; activations are ours."""

WARM_UP = tuple(
    (*first, Conv2d(1, 32), Activation("tanh"), Dropout(0.5), *pools)
    for pools in ((MaxPool2d(2), AvgPool2d(2)), (MaxPool2d(3),), (MaxPool2d(5),))
    for first in ((MaxPool2d(2),), (Conv2d(3, 32),))
)
"""Uses every compiled loop, in float32 and in bf16."""


@dataclass(frozen=True)
class Timed:
    """Seconds for the trainings, and their mean validation accuracy at the end."""

    seconds: float
    accuracy: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How fast trainings are, compared with the plain PyTorch loop.")
    parser.add_argument("--data", default="../shared/data/quickdraw_train.npz", help="an .npz data set")
    parser.add_argument("--images", type=int, default=16_000, help="training images")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=2, help="trainings per architecture")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--architectures", type=int, default=12, help="including the three published ones")
    parser.add_argument("--only", type=int, nargs="*", help="indices of the architectures to run")
    parser.add_argument("--ours-only", action="store_true", help="without the plain loop")
    parser.add_argument("--without-numba", action="store_true", help="our workers do not use the extra `fast`")
    parser.add_argument("--recipe", default="paper", choices=RECIPES, help="by which ours train; the plain loop: paper")
    parser.add_argument("--digits", action="store_true", help="the product's first population instead")
    parser.add_argument("--paper", action="store_true", help="the paper's hundred models instead, extrapolated")
    options = parser.parse_args()
    if options.digits:
        _digits()
        return
    dataset = load_dataset(f"{options.data}#{round(options.images / 0.7)}")
    config = TrainingConfig(epochs=options.epochs, batch_size=options.batch, recipe=RECIPES[options.recipe])
    if options.paper:
        _paper(dataset, options.without_numba)
        return
    chosen = _architectures(dataset, options.architectures)
    rows = [(i, a) for i, a in enumerate(chosen) if options.only is None or i in options.only]
    with Pool(dataset, without_numba=options.without_numba) as pool:
        _table(dataset, rows, config, options.seeds, pool, plain=not options.ours_only)


def _architectures(dataset: Dataset, n: int) -> list[Architecture]:
    """The published ones, and the median ones of n - 3 groups of sampled ones, grouped by multiply-adds."""
    published = [Architecture(dataset.input_shape, dataset.classes, layers) for layers in PUBLISHED]
    picked = _medians(_sampled(dataset, 200, seed=7), n - len(published))
    return sorted([*published, *picked], key=lambda architecture: architecture.multiply_adds)


def _sampled(dataset: Dataset, n: int, seed: int) -> list[Architecture]:
    """Like a first population of the product, sorted by multiply-adds."""
    rng = np.random.default_rng(seed)
    sampled = sample_architectures(
        REMAP_2019, dataset.input_shape, dataset.classes, n, rng, caps=(Cap(Cost.PARAMETERS, 1_000_000),)
    )
    return sorted(sampled, key=lambda architecture: architecture.multiply_adds)


def _medians(architectures: Sequence[Architecture], groups: int) -> list[Architecture]:
    return [architectures[(2 * group + 1) * len(architectures) // (2 * groups)] for group in range(groups)]


def _table(
    dataset: Dataset,
    rows: Sequence[tuple[int, Architecture]],
    config: TrainingConfig,
    seeds: int,
    pool: Pool,
    plain: bool,
) -> None:
    peak, bf16 = _matmul_peak(), _matmul_peak("bfloat16")
    print(
        f"{len(dataset.train):,} images, {config.epochs} epochs, {seeds} seeds; matmul peak {peak / 1e9:,.0f} GFLOP/s, "
        f"{bf16 / 1e9:,.0f} in bf16"
    )
    print(
        " no  parameters  M mult-adds   plain s    ours s  times faster  of the peak  of bf16's  "
        "plain acc.  our acc.  layers"
    )
    plain_times, our_times = [], []
    for number, architecture in rows:
        configs = [replace(config, seed=seed) for seed in range(seeds)]
        ours = pool.train(architecture, configs)
        theirs = _plain(architecture, dataset, configs) if plain else Timed(math.nan, math.nan)
        work = 2 * architecture.multiply_adds * (3 * len(dataset.train) + len(dataset.validation))
        share = work * config.epochs * seeds / ours.seconds / peak
        plain_times.append(theirs)
        our_times.append(ours)
        print(
            f"{number:3}  {architecture.parameters:10,}  {architecture.multiply_adds / 1e6:11.2f}  "
            f"{theirs.seconds:8.2f}  {ours.seconds:8.2f}  {theirs.seconds / ours.seconds:12.1f}  "
            f"{share:11.0%}  {share * peak / bf16:9.0%}  "
            f"{theirs.accuracy:10.1%}  {ours.accuracy:8.1%}  {len(architecture.layers)}",
            flush=True,
        )
    ratios = [p.seconds / o.seconds for p, o in zip(plain_times, our_times, strict=True)]
    total = sum(p.seconds for p in plain_times) / sum(o.seconds for o in our_times)
    gap = statistics.mean(o.accuracy - p.accuracy for p, o in zip(plain_times, our_times, strict=True))
    print(
        f"geometric mean {math.exp(statistics.mean(map(math.log, ratios))):.1f}x, sum of times {total:.1f}x, ", end=""
    )
    print(f"accuracy {100 * gap:+.2f} points; ours took {sum(o.seconds for o in our_times):,.1f} s")


class Pool:
    """Our trainer's worker processes on one data set, warmed up: starting them and compiling loops is not timed."""

    def __init__(self, dataset: Dataset, slots: int = 2, without_numba: bool = False) -> None:
        self._dataset = dataset
        self._scratch = tempfile.TemporaryDirectory()
        home = Path(self._scratch.name)
        self._executor = LocalExecutor(
            partial(train_trial, home=home),
            partial(prepare, without_numba=without_numba),
            slots,
            preload=PRELOADED,
        )
        self._next = 1

    def __enter__(self) -> Pool:
        for layers in WARM_UP:
            first = Architecture(self._dataset.input_shape, self._dataset.classes, layers)
            self.train(first, [TrainingConfig(epochs=1, seed=seed) for seed in range(self._executor.slots)])
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.close(grace=5)
        self._scratch.cleanup()

    def train(self, architecture: Architecture, configs: Sequence[TrainingConfig]) -> Timed:
        """Train the architecture under each config, as many at once as there are slots."""
        return self.train_all([(architecture, config) for config in configs])

    def train_all(self, trainings: Sequence[tuple[Architecture, TrainingConfig]]) -> Timed:
        """Train each, as many at once as there are slots."""
        while self._executor.free_slots < self._executor.slots:
            self._executor.poll()
            time.sleep(0.01)
        waiting, last, accuracies = list(trainings), {}, []
        start = time.perf_counter()
        while len(accuracies) < len(trainings):
            while waiting and self._executor.free_slots:
                self._executor.start(self._trial(*waiting.pop(0)))
            for event in self._executor.poll():
                match event:
                    case EpochDone():
                        last[event.run] = event.result
                    case Finished():
                        accuracies.append(last[event.run].validation_accuracy)
                    case Failed() | Lost():
                        raise RuntimeError(event.sentence)
            time.sleep(0.002)
        return Timed(time.perf_counter() - start, statistics.mean(accuracies))

    def _trial(self, architecture: Architecture, config: TrainingConfig) -> Trial:
        number, self._next = self._next, self._next + 1
        proposal = Proposal(architecture, self._dataset.name, config)
        return Trial(number, proposal, TrialState.RUNNING, position=1.0, attempt=1, created=0.0)


def prepare(without_numba: bool = False) -> str:
    """Set up a worker process, as `remap trainer` does; without numba it cannot be imported there."""
    if without_numba:
        sys.modules["numba"] = None  # type: ignore[assignment]
    from remap_core.training import worker_session  # noqa: PLC0415 (only worker processes import torch)

    worker_session.limit_threads(1)
    return worker_session.describe_device("cpu")


def train_trial(
    trial: Trial, should_stop: Callable[[], bool], *, home: Path
) -> Generator[EpochResult, None, Evaluation]:
    """Train in a worker process, as `remap trainer` does."""
    from remap_core.training import worker_session  # noqa: PLC0415 (only worker processes import torch)

    return worker_session.train_trial(trial, should_stop, home=home, device="cpu")


def _plain(architecture: Architecture, dataset: Dataset, configs: Sequence[TrainingConfig]) -> Timed:
    """The loop of the tutorials, one training after the other on all cores."""
    start = time.perf_counter()
    accuracies = [_train_plainly(architecture, dataset, config) for config in configs]
    return Timed(time.perf_counter() - start, statistics.mean(accuracies))


def _train_plainly(architecture: Architecture, dataset: Dataset, config: TrainingConfig) -> float:
    import torch  # noqa: PLC0415 (after the workers have started)
    from torch.utils.data import DataLoader  # noqa: PLC0415

    torch.manual_seed(config.seed)
    network = _textbook(architecture)
    train = DataLoader(_with_to_tensor(dataset.train), batch_size=config.batch_size, shuffle=True)
    validation = DataLoader(_with_to_tensor(dataset.validation), batch_size=config.batch_size)
    optimizer = torch.optim.Adam(network.parameters(), lr=PAPER.learning_rate)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, PAPER.decay)
    loss_of, right = torch.nn.CrossEntropyLoss(), 0
    for _ in range(config.epochs):
        network.train()
        for images, labels in train:
            optimizer.zero_grad()
            loss = loss_of(network(images), labels)
            loss.backward()
            optimizer.step()
        schedule.step()
        network.eval()
        with torch.no_grad():
            right = sum(int((network(images).argmax(1) == labels).sum()) for images, labels in validation)
    return right / len(dataset.validation)


def _textbook(architecture: Architecture) -> nn.Sequential:
    """The network as a tutorial would write it, without the faster modules of our `build`."""
    from torch import nn  # noqa: PLC0415

    functions = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}
    network = nn.Sequential()
    chain = (*architecture.layers, Dense(architecture.classes))
    for layer, shape in zip(chain, architecture.input_shapes, strict=True):
        match layer:
            case Conv2d():
                network.append(nn.Conv2d(shape[0], layer.filters, layer.kernel_size))
            case MaxPool2d():
                network.append(nn.MaxPool2d(layer.size, layer.stride))
            case AvgPool2d():
                network.append(nn.AvgPool2d(layer.size, layer.stride))
            case Dense():
                if len(shape) == 3:
                    network.append(nn.Flatten())
                network.append(nn.Linear(math.prod(shape), layer.units))
            case Activation():
                network.append(functions[layer.function]())
            case Dropout():
                network.append(nn.Dropout(layer.rate))
            case _:
                raise TypeError(f"{type(layer).__name__} is not of the paper's space.")
    return network


def _with_to_tensor(images: Images) -> Sequence[tuple[object, int]]:
    from torchvision.transforms import ToTensor  # noqa: PLC0415

    to_tensor = ToTensor()

    class Rows(Sequence[tuple[object, int]]):
        def __len__(self) -> int:
            return len(images)

        def __getitem__(self, row: int) -> tuple[object, int]:
            return to_tensor(images.images[row]), int(images.labels[row])

    return Rows()


def _matmul_peak(kind: str = "float32", size: int = 2048) -> float:
    """Floating point operations a second of a large matrix product on all cores."""
    import torch  # noqa: PLC0415

    a, b = torch.randn(2, size, size).to(getattr(torch, kind))
    a @ b
    best = math.inf
    for _ in range(5):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def _digits(models: int = 40, epochs: int = 10) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = DataFolder(Path(scratch))
        start = time.perf_counter()
        with trainer(folder, population=models, epochs=epochs, dataset="digits", executor="local") as daemon:
            until_done(folder, models, daemon)
            ours = time.perf_counter() - start
        catalogue = open_snapshot(folder)
        trials = catalogue.trials(sorted(catalogue.trial_ids(TrialState.COMPLETE)))
        accuracy = statistics.mean(catalogue.population("digits").accuracy)
        catalogue.close()
    dataset = load_dataset("digits")
    plain = [_plain(trial.architecture, dataset, [trial.proposal.config]) for trial in trials]
    seconds = sum(one.seconds for one in plain)
    print(
        f"{len(trials)} models x {epochs} epochs on digits: plain {seconds:.1f} s, ours {ours:.1f} s "
        f"({seconds / ours:.1f}x); accuracies {statistics.mean(one.accuracy for one in plain):.1%} and {accuracy:.1%}"
    )


def _paper(
    dataset: Dataset,
    without_numba: bool,
    models: int = 100,
    epochs: int = 10,
    every: int = 5,
) -> None:
    picked = _medians(_sampled(dataset, models, seed=11), models // every)
    with Pool(dataset, without_numba=without_numba) as pool:  # the longest first, so that no core idles at the end
        one = pool.train_all([(architecture, TrainingConfig(epochs=1)) for architecture in reversed(picked)])
    hours = one.seconds * every * epochs / 3600
    print(
        f"{len(picked)} of {models} models, one epoch of {len(dataset.train):,} images each: {one.seconds:.0f} s; "
        f"all of them for {epochs} epochs would take {hours:.1f} hours, {4 / hours:.1f}x as fast as the paper's four"
    )


if __name__ == "__main__":
    main()
