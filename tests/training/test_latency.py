import torch
from torch import nn

from remap_core.training.devices import describe_device
from remap_core.training.latency import MOST_RUNS, measure_latency


class Recorder(nn.Module):
    """Keeps of every call whether it is training, and the shape of its input."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, images):
        self.calls.append((self.training, torch.is_grad_enabled(), tuple(images.shape)))
        return images


def test_a_latency_says_what_it_was_measured_on():
    latency = measure_latency(nn.Flatten(), (1, 4, 4), "cpu")
    assert min(latency.batch_1_ms, latency.batch_256_ms) > 0
    assert latency.device == describe_device("cpu")
    assert (latency.threads, latency.dtype) == (torch.get_num_threads(), "float32")


def test_batches_of_1_and_256_are_measured_in_evaluation_and_not_for_ever():
    network = Recorder()
    measure_latency(network, (3, 4, 5), "cpu")
    assert set(network.calls) == {(False, False, (1, 3, 4, 5)), (False, False, (256, 3, 4, 5))}
    assert len(network.calls) <= 2 * (MOST_RUNS + 1)
