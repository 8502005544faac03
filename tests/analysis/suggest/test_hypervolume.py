import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.analysis.suggest.hypervolume import Front

moocore = pytest.importorskip("moocore", reason="needs moocore, of the extra test")

WORST_COST, WORST_VALUE = 10.0, -1.0
fronts = st.lists(st.tuples(st.floats(0, 12), st.floats(-2, 3)), max_size=8)


def front_of(models, ceiling=np.inf):
    costs = np.array([cost for cost, _ in models])
    values = np.array([value for _, value in models])
    return Front.of(costs, values, worst_cost=WORST_COST, worst_value=WORST_VALUE, ceiling=ceiling)


def of_moocore(models):
    """Its hypervolume: both objectives are minimised."""
    points = [(cost, -value) for cost, value in models if cost < WORST_COST and value > WORST_VALUE]
    if not points:
        return 0.0
    return moocore.hypervolume(np.array(points), ref=[WORST_COST, -WORST_VALUE])


@given(fronts)
def test_the_hypervolume_is_that_of_moocore(models):
    assert front_of(models).hypervolume == pytest.approx(of_moocore(models), abs=1e-9)


@given(fronts, st.floats(0, 12), st.floats(-2, 3))
def test_a_model_whose_value_is_certain_adds_what_it_adds(models, cost, value):
    front = front_of(models)
    (gain,) = front.expected_improvement(np.array([cost]), np.array([value]), np.array([0.0]))
    assert gain == pytest.approx(of_moocore([*models, (cost, value)]) - of_moocore(models), abs=1e-6)
    assert front.with_model(cost, value).hypervolume == pytest.approx(front.hypervolume + gain, abs=1e-6)


@pytest.mark.parametrize(
    ("cost", "mean", "deviation"), [(1.0, 0.5, 1.0), (4.0, 1.4, 0.3), (0.2, -0.5, 0.8), (7.0, 3.0, 0.5), (9.9, 0, 1.0)]
)
def test_the_expected_improvement_is_the_mean_over_draws_of_what_moocore_measures(cost, mean, deviation):
    models = [(0.5, -0.4), (2.0, 0.3), (3.0, 1.1), (6.0, 1.5)]
    draws = np.random.default_rng(0).normal(mean, deviation, 4000)
    before = of_moocore(models)
    added = [of_moocore([*models, (cost, draw)]) - before for draw in draws]
    moved = np.mean(np.array(added) > 0)
    front = front_of(models)
    at = (np.array([cost]), np.array([mean]), np.array([deviation]))
    assert front.expected_improvement(*at)[0] == pytest.approx(np.mean(added), abs=5 * np.std(added) / np.sqrt(4000))
    assert front.chance(*at)[0] == pytest.approx(moved, abs=0.03)


def test_what_would_lie_above_the_ceiling_does_not_count():
    models = [(0.5, -0.4), (3.0, 1.1)]
    draws = np.minimum(np.random.default_rng(0).normal(1.2, 0.8, 4000), 1.5)
    added = [of_moocore([*models, (2.0, draw)]) - of_moocore(models) for draw in draws]
    (gain,) = front_of(models, 1.5).expected_improvement(np.array([2.0]), np.array([1.2]), np.array([0.8]))
    assert gain == pytest.approx(np.mean(added), abs=5 * np.std(added) / np.sqrt(4000))
    assert front_of([*models, (4.0, 9.0)], 1.5).values[-1] == 1.5


def test_a_model_of_at_least_the_reference_cost_adds_nothing():
    front = front_of([(1.0, 0.0)])
    at = (np.array([10.0, 11.0]), np.array([5.0, 5.0]), np.array([1.0, 1.0]))
    assert front.expected_improvement(*at).tolist() == [0, 0]
    assert front.chance(*at).tolist() == [0, 0]


def test_without_models_the_level_is_the_reference_value():
    assert front_of([]).levels(np.array([0.0, 5.0])).tolist() == [WORST_VALUE, WORST_VALUE]
    assert front_of([]).hypervolume == 0
