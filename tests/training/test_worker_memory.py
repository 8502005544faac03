"""What a worker process imports and shares: memory that is not held, in numbers that do not depend on the machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

UNUSED = (
    *("_pytest", "duckdb", "onnx", "onnxruntime", "ot", "pandas", "plotly", "pyarrow", "ray", "scipy", "sklearn"),
    *("streamlit", "sympy", "torchvision", "torch._dynamo", "torch._inductor", "torch.onnx", "triton.compiler"),
)
"""What a training on the digits needs none of, though it is installed."""

SCRIPT = """
import json, sys, tempfile
from pathlib import Path
{preparation}
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.training import jobs
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, Trial, TrialState

before = set(sys.modules)
jobs.prepare("cpu")
home = Path(tempfile.mkdtemp())
for number, recipe in enumerate(RECIPES, 1):
    layers = parse_layers("Conv 8x3, BatchNorm, ReLU, MaxPool 2, Dropout 0.2, Dense 8, Tanh")
    config = TrainingConfig(epochs=1, batch_size=16, recipe=RECIPES[recipe])
    proposal = Proposal(Architecture((1, 8, 8), 10, layers), "digits", config)
    trial = Trial(number, proposal, TrialState.RUNNING, position=1.0, attempt=1, created=0.0)
    assert len(list(jobs.train(trial, lambda: False, home=home, device="cpu"))) == 1
    jobs.score(trial, home=home, device="cpu")
print(json.dumps([sorted(sys.modules), sorted(set(sys.modules) - before)]))
"""


def run(preparation: str) -> tuple[set[str], set[str]]:
    """The modules that a process has after trainings by every recipe, and those that it imported for them."""
    script = SCRIPT.format(preparation=f"from remap_core.trials.training_recipe import RECIPES\n{preparation}")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    every, new = json.loads(done.stdout)
    return set(every), set(new)


def test_a_worker_process_imports_nothing_that_a_training_does_not_use():
    every, _ = run("from remap_core.trainer.executors import worker_process")
    assert sorted(every & set(UNUSED)) == []


def test_what_a_fork_server_has_imported_is_nearly_all_that_a_training_needs():
    _, new = run("from remap_core.training import preloaded")
    assert len(new) < 20, sorted(new)


@pytest.mark.skipif(sys.platform != "linux", reason="only there are worker processes forked")
def test_a_fork_server_has_no_threads():
    script = "from remap_core.training import preloaded; import os; print(len(os.listdir('/proc/self/task')))"
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ | single, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"
