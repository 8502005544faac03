"""The example of the documentation, trained for real on few images."""

import importlib.util
from pathlib import Path

import remap_core as remap
from remap_core.trials.trial import Origin, TrialState

FILE = Path(__file__).parents[1] / "docs" / "examples" / "usecase.py"


def loaded():
    spec = importlib.util.spec_from_file_location("usecase", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_use_case_runs_from_a_population_to_a_comparison_of_its_children(tmp_path):
    lines = loaded().walk(tmp_path, population=5, epochs=1, children=2)
    catalogue = remap.open(tmp_path).catalogue
    counts = catalogue.counts()
    assert counts[TrialState.COMPLETE] == sum(counts.values())
    trials = catalogue.trials(range(1, counts[TrialState.COMPLETE] + 1))
    origins = [trial.proposal.origin for trial in trials]
    assert origins.count(Origin.INITIAL) == 5
    assert origins.count(Origin.HANDCRAFTED) == 3
    assert {Origin.ABLATION, Origin.VARIATION} <= set(origins)
    assert len({trial.architecture for trial in trials}) == len(trials)
    assert len(lines) == len(trials)
    assert sum("the baseline" in line for line in lines) == 1
    assert all(line.startswith("#") for line in lines)


def test_the_use_case_is_short():
    assert len(FILE.read_text(encoding="utf-8").splitlines()) <= 40
