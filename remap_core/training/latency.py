"""How long a network takes to predict, measured once per architecture and machine."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from torch import nn

from remap_core.space.architecture import Architecture
from remap_core.system.files import write_file
from remap_core.training.device import describe_device
from remap_core.trials.evaluation import Latency

BUDGET_SECONDS = 0.08
MAX_RUNS = 20


def measure_latency(network: nn.Module, input_shape: tuple[int, int, int], device: str) -> Latency:
    """Median milliseconds of a forward pass of 1 image and of 256, in evaluation mode, on the network's device.

    After one warm-up run each is run up to 20 times within 0.08 seconds. If the warm-up alone takes longer, it counts.
    """
    network.eval()
    one_image = torch.zeros(1, *input_shape, device=device)
    many_images = torch.zeros(256, *input_shape, device=device)
    return Latency(
        batch_1_ms=_median_ms(network, one_image),
        batch_256_ms=_median_ms(network, many_images),
        device=describe_device(device),
        threads=torch.get_num_threads(),
    )


def latency_on_this_machine(
    network: nn.Module,
    architecture: Architecture,
    device: str,
    folder: Path | None,
) -> Latency:
    """The latency of an architecture on this device with this many threads: read from `folder`, else measured.

    Repeats with other seeds therefore have the same latency. A file that cannot be read is replaced, one that cannot be
    written is skipped; without a folder every call measures.
    """
    if folder is None:
        return measure_latency(network, architecture.input_shape, device)
    path = folder / f"{architecture.fingerprint}.json"
    machine = (describe_device(device), torch.get_num_threads())
    known = _read(path)
    for latency in known:
        if (latency.device, latency.threads) == machine:
            return latency
    measured = measure_latency(network, architecture.input_shape, device)
    _write(path, [*known, measured])
    return measured


def _read(path: Path) -> list[Latency]:
    try:
        return [Latency(**form) for form in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError, RecursionError):
        return []


def _write(path: Path, latencies: list[Latency]) -> None:
    content = json.dumps([asdict(latency) for latency in latencies])
    with suppress(OSError):
        write_file(path, content.encode())


@torch.inference_mode()
def _median_ms(network: nn.Module, images: torch.Tensor) -> float:
    images = images.contiguous(memory_format=torch.channels_last)
    warm_up = _seconds(network, images)
    total = warm_up
    runs: list[float] = []
    while len(runs) < MAX_RUNS and total < BUDGET_SECONDS:
        seconds = _seconds(network, images)
        runs.append(seconds)
        total += seconds
    return 1000 * median(runs or [warm_up])


def _seconds(network: nn.Module, images: torch.Tensor) -> float:
    start = perf_counter()
    network(images)
    if images.is_cuda:
        torch.cuda.synchronize(images.device)
    return perf_counter() - start
