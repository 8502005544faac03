"""How often timers run where many pages are open."""

from hypothesis import given
from hypothesis import strategies as st

from remap_core.ui.server.timer_runs import BURST, FORGOTTEN, TimerBudget


def run_for(seconds, costs, share, budget=None, begin=0.0):
    """Each timer asks once a second; returns how often each ran and what all runs have cost."""
    budget = budget or TimerBudget(share)
    runs, spent = dict.fromkeys(costs, 0), 0.0
    for moment in range(seconds):
        for place, (timer, cost) in enumerate(costs.items()):
            if budget.may_run(timer, begin + moment + place / len(costs)):
                runs[timer] += 1
                spent += cost
                budget.have_run([timer], cost)
    return runs, spent


def test_a_visitor_alone_is_updated_each_time_a_timer_asks():
    runs, _ = run_for(60, {"map": 0.02, "queue": 0.03}, share=0.1)
    assert runs == {"map": 60, "queue": 60}


@given(cost=st.floats(0.001, 0.2), timers=st.integers(1, 50))
def test_however_many_timers_ask_they_cost_no_more_than_their_share(cost, timers):
    costs = dict.fromkeys(range(timers), cost)
    budget = TimerBudget(0.1)
    run_for(30, costs, 0.1, budget)  # until costs are known
    _, spent = run_for(200, costs, 0.1, budget, begin=30.0)
    pause = timers * cost / 0.1
    at_the_ends = timers * cost
    assert spent <= 200 * 0.1 * max(1.0, pause / max(pause - 0.25, 1.0)) + at_the_ends


def test_timers_that_all_ask_at_once_run_a_few_at_a_time():
    budget = TimerBudget(0.1)
    costs = dict.fromkeys(range(100), 0.02)
    run_for(60, costs, 0.1, budget)  # until costs are known
    at_once = 0.0
    for timer, cost in costs.items():
        if budget.may_run(timer, 100.0):
            at_once += cost
            budget.have_run([timer], cost)
    assert 0 < at_once <= BURST + 0.02


def test_no_timer_runs_more_often_than_another():
    runs, _ = run_for(300, dict.fromkeys(range(20), 0.05), share=0.1)
    assert max(runs.values()) - min(runs.values()) <= 2


def test_once_pages_are_left_the_others_are_updated_as_often_as_before():
    budget = TimerBudget(0.1)
    run_for(60, dict.fromkeys(range(50), 0.05), 0.1, budget)
    run_for(int(FORGOTTEN) + 1, {0: 0.05}, 0.1, budget, begin=60.0)
    runs, _ = run_for(20, {0: 0.05}, 0.1, budget, begin=60.0 + FORGOTTEN + 1)
    assert runs == {0: 20}
