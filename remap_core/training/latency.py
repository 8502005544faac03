"""How long a network takes to answer, measured once on each machine."""

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
MOST_RUNS = 20


def measure_latency(network: nn.Module, input_shape: tuple[int, int, int], device: str) -> Latency:
    """Median milliseconds of a forward pass of 1 image and of 256, in evaluation, on the device that holds `network`.

    Each is run up to 20 times within 0.08 seconds after one run to warm up; a network whose first run alone takes
    longer is judged by that one.
    """
    network.eval()
    return Latency(
        batch_1_ms=_median_ms(network, torch.zeros(1, *input_shape, device=device)),
        batch_256_ms=_median_ms(network, torch.zeros(256, *input_shape, device=device)),
        device=describe_device(device),
        threads=torch.get_num_threads(),
    )


def latency_on_this_machine(
    network: nn.Module, architecture: Architecture, device: str, folder: Path | None
) -> Latency:
    """The latency of an architecture on this device with as many threads: from `folder`, else measured and kept there.

    So it is measured once, and repeats with other seeds have the same. What cannot be read there is measured anew, what
    cannot be written is not kept; without a folder it is measured every time.
    """
    if folder is None:
        return measure_latency(network, architecture.input_shape, device)
    file = folder / f"{architecture.fingerprint}.json"
    here = describe_device(device), torch.get_num_threads()
    kept = _read(file)
    for latency in kept:
        if (latency.device, latency.threads) == here:
            return latency
    measured = measure_latency(network, architecture.input_shape, device)
    _write(file, [*kept, measured])
    return measured


def _read(file: Path) -> list[Latency]:
    try:
        return [Latency(**form) for form in json.loads(file.read_bytes())]
    except (OSError, ValueError, TypeError, RecursionError):
        return []


def _write(file: Path, latencies: list[Latency]) -> None:
    with suppress(OSError):
        write_file(file, json.dumps([asdict(latency) for latency in latencies]).encode())


@torch.inference_mode()
def _median_ms(network: nn.Module, images: torch.Tensor) -> float:
    images = images.contiguous(memory_format=torch.channels_last)
    seconds = [_seconds(network, images)]
    while len(seconds) <= MOST_RUNS and sum(seconds) < BUDGET_SECONDS:
        seconds.append(_seconds(network, images))
    return 1000 * median(seconds[1:] or seconds)


def _seconds(network: nn.Module, images: torch.Tensor) -> float:
    start = perf_counter()
    network(images)
    if images.is_cuda:
        torch.cuda.synchronize(images.device)
    return perf_counter() - start
