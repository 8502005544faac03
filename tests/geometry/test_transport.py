import numpy as np
import ot
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.geometry.otmann.transport import transport_costs, transport_plans

# few values, as ties, exact fits and forbidden pairs are the hard cases of augmenting paths
costs = st.one_of(st.sampled_from([0.0, 0.125, 0.25, 0.5, 1.0, 1.5, 1.999, 2.0, 3.0, np.inf]), st.floats(0, 2.5))
masses = st.one_of(st.sampled_from([0.0, 1.0, 2.0, 3.0, 16.0, 100.0]), st.floats(0.1, 1e5))


def tables(shape, values):
    size = int(np.prod(shape))
    return st.lists(values, min_size=size, max_size=size).map(lambda drawn: np.array(drawn).reshape(shape))


@st.composite
def problems(draw, largest=6):
    n, m, lanes = draw(st.integers(1, largest)), draw(st.integers(1, largest)), draw(st.integers(1, 4))
    return draw(tables((n, m, lanes), costs)), draw(tables((n, lanes), masses)), draw(tables((m, lanes), masses))


def optimum(cost, supply, demand):
    """By POT's network simplex, with a dummy node on either side for unassigned mass."""
    n, m = cost.shape
    if not supply.any() and not demand.any():
        return 0.0
    augmented = np.ones((n + 1, m + 1))
    augmented[:n, :m] = np.minimum(cost, 3)
    augmented[n, m] = 0
    return ot.emd2(np.append(supply, demand.sum()), np.append(demand, supply.sum()), augmented)


@given(problems())
def test_costs_equal_those_of_an_exact_solver(problem):
    cost, supply, demand = problem
    expected = [optimum(cost[..., lane], supply[:, lane], demand[:, lane]) for lane in range(cost.shape[2])]
    scale = supply.sum() + demand.sum()
    np.testing.assert_allclose(transport_costs(*problem), expected, rtol=1e-9, atol=1e-12 * scale)


@given(problems())
def test_a_plan_moves_no_more_than_the_supply_and_demand_and_nothing_at_a_loss(problem):
    cost, supply, demand = problem
    plan = transport_plans(cost, supply, demand)
    slack = 1e-9 * (1 + supply.sum() + demand.sum())
    assert (plan >= 0).all()
    assert (plan.sum(axis=1) <= supply + slack).all()
    assert (plan.sum(axis=0) <= demand + slack).all()
    assert not plan[cost >= 2].any()


@given(problems())
def test_swapping_the_sides_does_not_change_the_cost(problem):
    cost, supply, demand = problem
    mirrored = transport_costs(cost.swapaxes(0, 1), demand, supply)
    np.testing.assert_allclose(transport_costs(*problem), mirrored, rtol=1e-9, atol=1e-9)


def test_the_greedy_choice_is_undone_where_a_detour_is_cheaper():
    cost = np.array([[0.0, 0.1], [0.1, 1.9]])[..., None]  # the cheapest pair blocks the second row
    plan = transport_plans(cost, np.array([[1.0], [1.0]]), np.array([[1.0], [1.0]]))
    assert plan[..., 0].tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_a_surplus_of_rounding_size_does_not_loop():
    cost = np.array([[0.0, 0.5], [1.0, np.inf]])[..., None]
    supply, demand = np.array([[3.4947113411977226], [3.0]]), np.array([[0.0], [100.0]])
    assert (supply.sum() - 3.0) - supply[0, 0] > 0  # the remaining surplus of the first column
    assert transport_costs(cost, supply, demand)[0] == pytest.approx(0.5 * 3.4947113411977226 + 3 + 96.5052886588022774)


def test_unmatched_mass_stays_unassigned_at_cost_one_a_unit():
    assert transport_costs(np.full((2, 1, 1), np.inf), np.array([[3.0], [4.0]]), np.array([[5.0]])).tolist() == [12.0]


@pytest.mark.parametrize(("n", "m"), [(7, 12), (20, 15)])
def test_long_chains_are_solved_exactly(n, m):
    rng = np.random.default_rng(0)
    cost = rng.integers(0, 14, (n, m, 20)) / 8 + rng.choice([0, 0.2, 0.3], (n, m, 20))
    supply, demand = 16.0 * rng.integers(1, 200, (n, 20)), 16.0 * rng.integers(1, 200, (m, 20))
    expected = [optimum(cost[..., lane], supply[:, lane], demand[:, lane]) for lane in range(20)]
    np.testing.assert_allclose(transport_costs(cost, supply, demand), expected, rtol=1e-9)
