import json
from dataclasses import asdict, replace

import pytest
import torch
from small_tasks import BARS, run, trial_on
from torch import nn

from remap_core.training.device import describe_device
from remap_core.training.latency import MAX_RUNS, latency_on_this_machine, measure_latency
from remap_core.training.training_loop import train


class Recorder(nn.Module):
    """Keeps of every call whether it is training, and the shape of its input."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, images):
        self.calls.append((self.training, torch.is_grad_enabled(), tuple(images.shape)))
        return images


def test_a_latency_names_its_device_and_threads():
    latency = measure_latency(nn.Flatten(), (1, 4, 4), "cpu")
    assert min(latency.batch_1_ms, latency.batch_256_ms) > 0
    assert latency.device == describe_device("cpu")
    assert (latency.threads, latency.dtype) == (torch.get_num_threads(), "float32")


def test_batches_of_1_and_256_are_measured_in_evaluation_mode_a_limited_number_of_times():
    network = Recorder()
    measure_latency(network, (3, 4, 5), "cpu")
    assert set(network.calls) == {(False, False, (1, 3, 4, 5)), (False, False, (256, 3, 4, 5))}
    assert len(network.calls) <= 2 * (MAX_RUNS + 1)


class Unmeasurable(nn.Module):
    def forward(self, images):
        raise AssertionError("it was measured again")


@pytest.fixture
def architecture():
    return trial_on(BARS, "Dense 4").architecture


def test_an_architecture_is_measured_once_on_a_machine(tmp_path, architecture):
    measured = latency_on_this_machine(nn.Flatten(), architecture, "cpu", tmp_path / "latencies")
    assert latency_on_this_machine(Unmeasurable(), architecture, "cpu", tmp_path / "latencies") == measured
    with pytest.raises(AssertionError, match="measured again"):
        latency_on_this_machine(Unmeasurable(), trial_on(BARS, "Dense 5").architecture, "cpu", tmp_path / "latencies")


@pytest.mark.parametrize("change", [{"device": "CPU, another"}, {"threads": 64}])
def test_latencies_of_other_machines_and_threads_are_kept(tmp_path, architecture, change):
    ours = latency_on_this_machine(nn.Flatten(), architecture, "cpu", tmp_path)
    (file,) = tmp_path.iterdir()
    theirs = replace(ours, batch_1_ms=1e9, **change)
    file.write_text(json.dumps([asdict(theirs)]))
    again = latency_on_this_machine(nn.Flatten(), architecture, "cpu", tmp_path)
    assert again.batch_1_ms < 1e9
    assert json.loads(file.read_text()) == [asdict(theirs), asdict(again)]


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b"[1]", b'[{"device": "cpu"}]', b"[" * 100_000])
def test_a_damaged_file_of_latencies_is_replaced(tmp_path, architecture, content):
    latency_on_this_machine(nn.Flatten(), architecture, "cpu", tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    measured = latency_on_this_machine(nn.Flatten(), architecture, "cpu", tmp_path)
    assert latency_on_this_machine(Unmeasurable(), architecture, "cpu", tmp_path) == measured


def test_where_latencies_cannot_be_saved_they_are_measured_every_time(tmp_path, architecture):
    (tmp_path / "file").touch()
    for _ in range(2):
        assert latency_on_this_machine(nn.Flatten(), architecture, "cpu", tmp_path / "file").batch_1_ms > 0


def test_a_repeat_with_another_seed_has_the_latency_of_its_model(tmp_path):
    trials = [trial_on(BARS, "Conv 4x3, ReLU", epochs=1, seed=seed) for seed in (0, 1)]
    first, second = (run(train(trial, BARS, device="cpu", latencies=tmp_path))[1].latency for trial in trials)
    assert first == second
    assert first.device == describe_device("cpu")
