import numpy as np
import pytest

from remap_core.analysis.suggest.batch import choose, farthest, ranked
from remap_core.analysis.suggest.hypervolume import Front
from remap_core.analysis.suggest.process import fit_process

EMPTY = np.empty(0)


def situation(seed=0, copies=10):
    """A process over two features; the best candidates come in `copies` that hardly differ."""
    rng = np.random.default_rng(seed)
    features = rng.uniform(0, 3, (40, 2))
    values = features[:, 0] + np.sin(2 * features[:, 1]) + rng.normal(0, 0.05, 40)
    spots = rng.uniform(0, 4, (12, 2))
    candidates = np.repeat(spots, copies, axis=0) + rng.normal(0, 0.001, (12 * copies, 2))
    process = fit_process(features, values)
    costs = np.repeat(rng.uniform(1, 4, 12), copies)
    known = rng.uniform(1, 4, 40)
    front = Front.of(known, values, worst_cost=5, worst_value=float(np.median(values)))
    return process.posterior(candidates), costs, front


def test_five_suggestions_are_not_five_times_the_same():
    posterior, costs, front = situation()
    alone = [pick.row // 10 for pick in ranked(posterior, costs, front)[:5]]
    together = [pick.row // 10 for pick in choose(posterior, costs, front, 5)]
    assert len(set(alone)) == 1
    assert len(set(together)) >= 4


def test_the_first_pick_is_the_best_alone():
    posterior, costs, front = situation()
    assert choose(posterior, costs, front, 1) == ranked(posterior, costs, front)[:1]


def test_exploration_prefers_what_is_not_known():
    posterior, costs, front = situation(copies=1)

    def variance(explore):
        return np.mean([posterior.variance[pick.row] for pick in choose(posterior, costs, front, 3, explore=explore)])

    assert variance(0.0) <= variance(0.5) <= variance(1.0)
    assert variance(0.0) < variance(1.0)


def test_without_exploration_the_highest_expectation_above_the_front_is_taken():
    posterior, _, _ = situation(copies=1)
    (pick,) = choose(posterior, np.ones(12), Front(EMPTY, EMPTY, 5, -10), 1, explore=0.0)
    assert pick.row == np.argmax(posterior.mean)


def test_excluded_rows_are_never_taken_and_there_are_no_more_picks_than_candidates():
    posterior, costs, front = situation(copies=1)
    rows = [pick.row for pick in choose(posterior, costs, front, 50, excluded=[0, 5])]
    assert sorted(rows) == [row for row in range(12) if row not in (0, 5)]
    assert [pick.row for pick in ranked(posterior, costs, front, excluded=[0, 5])].count(5) == 0


def test_variety_is_as_far_as_can_be_from_what_is_known_and_from_itself():
    candidates = np.array([[0.0, 0], [0, 1], [9, 9], [9, 8.9], [0, 9]])
    assert farthest(candidates, np.array([[0.0, 0]]), 3) == [2, 4, 1]


def test_with_nothing_known_variety_begins_in_the_middle():
    candidates = np.array([[0.0], [4], [5], [10]])
    assert farthest(candidates, np.empty((0, 1)), 3) == [2, 0, 3]


@pytest.mark.parametrize("n", [0, 4, 9])
def test_variety_takes_each_candidate_once(n):
    rows = farthest(np.zeros((4, 2)), np.zeros((3, 2)), n)
    assert sorted(rows) == sorted(set(rows))
    assert len(rows) == min(n, 4)
