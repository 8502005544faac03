import numpy as np
import pytest

from remap_core.analysis.suggest import process as module
from remap_core.analysis.surrogate import MIN_MODELS, fit_surrogate
from remap_core.errors import InvalidDistances
from remap_core.geometry.otmann.distances import distances_to
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import REMAP_2019


def sampled(n, seed=0):
    rng = np.random.default_rng(seed)
    return sample_architectures(REMAP_2019, (1, 28, 28), 10, n, rng, max_parameters=1_000_000)


def accuracies(architectures, seed=0, noise=0.02):
    """Synthetic: better with more parameters, best near the first architecture, plus noise."""
    closeness = np.exp(-distances_to(architectures, architectures[:1])[:, 0] / 0.3)
    sizes = np.log10([one.parameters for one in architectures])
    noise_of_training = np.random.default_rng(seed).normal(0, noise, len(architectures))
    return np.clip(0.3 + 0.08 * sizes + 0.15 * closeness + noise_of_training, 0.05, 0.99)


def test_accuracies_that_depend_on_layers_are_predicted_better_than_by_a_guess():
    architectures = sampled(90)
    known = accuracies(architectures, noise=0.005)
    found = fit_surrogate(architectures[:60], known[:60])
    assert found.models == 60
    assert found.error < 0.6 * found.guess
    off = np.abs(found.predict(architectures[60:])[:, 0] - known[60:])
    assert np.median(off) < 0.6 * np.median(np.abs(known[60:] - np.median(known[:60])))


def test_the_interval_covers_about_as_many_as_it_claims():
    architectures = sampled(160, seed=1)
    known = accuracies(architectures, noise=0.05)
    _, low, high = fit_surrogate(architectures[:80], known[:80]).predict(architectures[80:]).T
    assert 0.5 < np.mean((low <= known[80:]) & (known[80:] <= high)) < 0.9


def test_noise_is_not_predicted():
    architectures = sampled(40)
    found = fit_surrogate(architectures, np.random.default_rng(0).uniform(0.6, 0.9, 40))
    assert found.error > 0.8 * found.guess


def test_the_error_is_about_that_of_leaving_one_out(monkeypatch):
    architectures = sampled(25)
    known = accuracies(architectures)
    for name, value in (("LENGTHS", (1.0,)), ("LINEAR_SHARES", (0.5,)), ("NOISES", (0.1,))):
        monkeypatch.setattr(module, name, value)
    off = []
    for row in range(25):
        others = [one for number, one in enumerate(architectures) if number != row]
        found = fit_surrogate(others, np.delete(known, row))
        off.append(abs(found.predict([architectures[row]])[0, 0] - known[row]))
    assert fit_surrogate(architectures, known).error == pytest.approx(
        np.median(off), rel=0.3
    )  # features are scaled each time


def test_too_few_models_have_no_surrogate():
    architectures = sampled(MIN_MODELS - 1)
    assert fit_surrogate(architectures, np.full(MIN_MODELS - 1, 0.9)) is None


@pytest.mark.parametrize("value", [0.0, 0.9, 1.0])
def test_models_of_one_accuracy_predict_it(value):
    found = fit_surrogate(sampled(20), np.full(20, value))
    assert found.predict(sampled(3, seed=5))[:, 0] == pytest.approx([value] * 3, abs=0.01)


def test_duplicates_and_an_architecture_without_layers_are_allowed():
    architectures = [*sampled(20), sampled(20)[0], sampled(1)[0].with_layers(())]
    found = fit_surrogate(architectures, accuracies(architectures))
    assert np.isfinite(found.predict(architectures)).all()


def test_a_missing_or_infinite_accuracy_is_refused():
    with pytest.raises(InvalidDistances, match="one finite accuracy for each architecture"):
        fit_surrogate(sampled(20), np.full(19, 0.9))
    with pytest.raises(InvalidDistances, match="one finite accuracy for each architecture"):
        fit_surrogate(sampled(20), np.full(20, np.nan))
