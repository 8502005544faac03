import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct

from remap_core.analysis.suggest import process as module
from remap_core.analysis.suggest.process import MIN_SCALE, MIN_VALUES, fit_process, rank_correlation
from remap_core.errors import InvalidDistances


def data(n, d=4, seed=0, noise=0.1):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, d))
    values = features[:, 0] + 0.5 * features[:, 1] * features[:, 2] + rng.normal(0, noise, n)
    return features, values


@pytest.fixture
def one_kernel(monkeypatch):
    """A single kernel, so that nothing is chosen."""
    for name, value in (("LENGTHS", (1.0,)), ("LINEAR_SHARES", (0.5,)), ("NOISES", (0.1,))):
        monkeypatch.setattr(module, name, value)


def of_scikit_learn(features, values):
    """The same process with a mean that may be anything; its squared distances are d times ours."""
    d = features.shape[1]
    scale = np.maximum(features.std(axis=0), MIN_SCALE)
    points = (features - features.mean(axis=0)) / scale
    linear = ConstantKernel(0.5 / d) * DotProduct(sigma_0=0, sigma_0_bounds="fixed")
    kernel = linear + ConstantKernel(0.5) * RBF(np.sqrt(d)) + ConstantKernel(1e6)
    fitted = GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None)
    fitted.fit(points, values)
    return lambda rows: fitted.predict((rows - features.mean(axis=0)) / scale, return_std=True)


def test_means_and_variances_are_those_of_scikit_learn(one_kernel):
    features, values = data(40)
    fitted = fit_process(features[:30], values[:30])
    found = fitted.posterior(features[30:])
    mean, deviation = of_scikit_learn(features[:30], values[:30])(features[30:])
    assert found.mean == pytest.approx(mean, abs=1e-4)
    assert found.variance == pytest.approx(fitted.variance * deviation**2, abs=1e-4)


def test_believing_a_point_shrinks_variances_as_a_measurement_would_and_keeps_means(one_kernel):
    features, values = data(30)
    known = fit_process(features[:20], values[:20])
    believed = known.posterior(features[20:]).believing(3).believing(7)
    joined = np.vstack([known.known, (features[[23, 27]] - known.centre) / known.scale])
    inverse = np.linalg.inv(known.kernel.between(joined, joined) + known.noise * np.eye(22))
    points = (features[20:] - known.centre) / known.scale
    cross = known.kernel.between(points, joined)
    from_mean = 1 - cross @ inverse.sum(axis=1)
    share = known.kernel.own(points) - np.einsum("mi,ij,mj->m", cross, inverse, cross) + from_mean**2 / inverse.sum()
    assert believed.variance == pytest.approx(known.variance * share, abs=1e-8)
    assert (believed.mean == known.posterior(features[20:]).mean).all()
    assert (believed.variance <= known.posterior(features[20:]).variance + 1e-12).all()


def test_leave_one_out_is_that_of_leaving_each_one_out(one_kernel):
    features, values = data(12)
    fitted = fit_process(features, values)
    for row in range(12):
        others = np.arange(12) != row
        gram = fitted.kernel.between(fitted.known, fitted.known)
        inverse = np.linalg.inv(gram[np.ix_(others, others)] + 0.1 * np.eye(11))
        mean = inverse.sum(axis=0) @ values[others] / inverse.sum()
        expected = mean + gram[row, others] @ inverse @ (values[others] - mean)
        assert fitted.residuals[row] == pytest.approx(values[row] - expected)


def test_what_depends_on_features_is_better_than_guessing_and_noise_is_not():
    features, values = data(40)
    assert fit_process(features, values).is_better_than_guessing
    rng = np.random.default_rng(0)
    of_noise = [fit_process(rng.normal(size=(25, 4)), rng.normal(size=25)) for _ in range(60)]
    assert sum(fitted.is_better_than_guessing for fitted in of_noise) <= 6


def test_the_band_covers_about_as_many_as_it_claims():
    features, values = data(200, noise=0.3)
    found = fit_process(features[:80], values[:80]).posterior(features[80:])
    reach = 1.2816 * np.sqrt(found.variance + found.noise)
    assert 0.65 < np.mean(np.abs(found.mean - values[80:]) < reach) < 0.92


def test_a_point_unlike_all_known_ones_is_less_sure():
    features, values = data(30)
    features[:, 3] = 0
    near, far = fit_process(features, values).posterior(np.array([[0.0, 0, 0, 0], [0.0, 0, 0, 2]])).variance
    assert far > near


@pytest.mark.parametrize(
    ("features", "values", "reason"),
    [
        (np.ones((4, 2)), np.arange(4.0), f"at least {MIN_VALUES} finished models, but there are 4"),
        (np.ones((6, 2)), np.ones(6), "All 6 models are equally good"),
        (np.ones((5, 2)), np.arange(6.0), "one finite value"),
        (np.ones((6, 2)), np.array([1.0, 2, 3, 4, 5, np.nan]), "one finite value"),
    ],
)
def test_what_cannot_be_fitted_is_one_sentence(features, values, reason):
    with pytest.raises(InvalidDistances, match=reason):
        fit_process(features, values)


def test_equal_points_with_different_values_are_noise():
    fitted = fit_process(np.ones((6, 2)), np.arange(6.0))
    assert fitted.posterior(np.ones((1, 2))).mean == pytest.approx([2.5])
    assert not fitted.is_better_than_guessing


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=20))
def test_the_rank_correlation_is_that_of_scipy(pairs):
    first, second = np.array(pairs, dtype=float).T
    if np.ptp(first) and np.ptp(second):
        assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
    else:
        assert rank_correlation(first, second) == 0
