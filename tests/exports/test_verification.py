"""Exports on all validation images: numbers by hand, and a loss that is said."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import binomtest
from weights import finished_untrained

from remap_core.analysis.wilson import wilson_interval
from remap_core.errors import ExportFailed
from remap_core.exports.checks.torch_process import pytorch_logits
from remap_core.exports.checks.verification import verified
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.exports.onnx_session import onnx_session, session_logits
from remap_core.exports.pytorch_source import pytorch_source


def one_hot(classes) -> np.ndarray:
    return np.eye(3, dtype=np.float32)[classes]


LABELS = np.array([0, 1, 2, 0], np.uint8)


def test_a_loss_over_one_point_is_said():
    check = verified(
        one_hot([0, 1, 0, 1]), np.array([0, 1, 2, 1], np.uint8), LABELS, ("PyTorch", one_hot([0, 1, 2, 1]))
    )
    assert (check.agreement, check.before, check.after, check.difference) == (0.75, 0.75, 0.5, 1.0)
    assert check.warning == (
        "This file loses accuracy: 75.0 % before, 50.0 % after (−25.0 points on 4 validation images)."
    )


def test_a_loss_of_less_than_a_point_and_a_gain_are_no_warning():
    labels = np.zeros(200, np.uint8)
    logits = one_hot([0] * 199 + [1])
    assert verified(logits, labels, labels).warning == ""
    assert verified(one_hot([0]), np.array([1], np.uint8), np.array([0], np.uint8)).warning == ""


@pytest.mark.parametrize("right", [0, 1, 13, 27])
def test_intervals_are_those_of_scipy(right):
    expected = binomtest(right, 27).proportion_ci(method="wilson")
    assert wilson_interval(right, 27) == pytest.approx((expected.low, expected.high), abs=1e-6)


BLOCKS = (
    "Conv 8x3 stride 2 same, BatchNorm, SiLU, MBConv 8x3 expand 3 se, SepConv 16x3 stride 2 same, "
    "Residual 16 stride 2, GELU, GlobalAvgPool, Dense 8, ReLU"
)
CHAINS = ("Dense 16, Tanh", "Conv 4x3, ReLU, MaxPool 2, Dropout 0.25, Dense 8, Sigmoid", BLOCKS)


def test_exported_source_in_a_process_of_its_own_computes_what_onnxruntime_does():
    model = finished_untrained(BLOCKS)
    images = np.random.default_rng(0).integers(0, 256, (5, 1, 8, 8), dtype=np.uint8)
    expected = session_logits(onnx_session(onnx_bytes(model)), images)
    assert pytorch_logits(model, images) == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_source_that_cannot_be_run_is_one_sentence():
    with pytest.raises(ExportFailed, match=r"The PyTorch source of Model 1 cannot be run: .*\.$"):
        pytorch_logits(finished_untrained("Dense 4", file=b""), np.zeros((1, 1, 8, 8), np.uint8))


@pytest.mark.parametrize("chain", CHAINS)
def test_exported_source_is_formatted_and_without_lint(chain, tmp_path):
    """As `ruff format` would write it, and with nothing unused."""
    (tmp_path / "model.py").write_text(pytorch_source(finished_untrained(chain), "model.safetensors"))
    for command in (["format", "--check", "--diff"], ["check", "--select", "E,F,W,I,UP,B"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "100", "model.py"]
        done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_many_class_names_are_below_one_another():
    names = tuple(f"kind {number}" for number in range(40))
    source = pytorch_source(finished_untrained("Dense 4", names=names), "model.safetensors")
    assert '\n    "kind 39",\n]\n' in source
