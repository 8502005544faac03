import pytest
import torch

from remap_core.errors import SettingsError
from remap_core.training.device import choose_device, describe_device, limit_threads

without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
with_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def test_the_cpu_is_always_available():
    assert choose_device("cpu") == "cpu"


@without_gpu
def test_without_a_gpu_auto_is_the_cpu_and_cuda_an_error():
    assert choose_device("auto") == "cpu"
    with pytest.raises(SettingsError, match='device = "cuda" needs a GPU that PyTorch can use, but there is none'):
        choose_device("cuda")


@with_gpu
def test_with_a_gpu_auto_is_the_gpu():
    assert choose_device("auto") == choose_device("cuda") == "cuda"
    assert describe_device("cuda").startswith("GPU, ")


def test_the_cpu_is_described_by_its_name():
    kind, _, name = describe_device("cpu").partition(", ")
    assert kind == "CPU"
    assert name


def test_threads_are_limited():
    before = torch.get_num_threads()
    try:
        limit_threads(1)
        assert torch.get_num_threads() == 1
    finally:
        limit_threads(before)
