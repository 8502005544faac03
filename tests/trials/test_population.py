import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from remap_core.trials.population import pareto_front

points = st.lists(st.tuples(st.integers(1, 20), st.sampled_from([0.1, 0.2, 0.3, 0.9, float("nan")])), max_size=30)


def beats(one, other):
    return one[0] <= other[0] and one[1] >= other[1] and one != other


@given(points)
def test_the_front_has_the_points_that_no_other_point_beats(drawn):
    cost = np.array([point[0] for point in drawn], dtype=np.int64)
    value = np.array([point[1] for point in drawn], dtype=np.float64)
    known = [point for point in drawn if not np.isnan(point[1])]
    best = {point for point in known if not any(beats(other, point) for other in known)}
    front = pareto_front(cost, value)
    assert {(int(cost[row]), float(value[row])) for row in front} == best
    assert len(front) == len(best)  # of equal points one
    assert np.all(np.diff(cost[front]) > 0)
