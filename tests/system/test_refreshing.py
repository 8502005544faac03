"""Answers that are worked out in the background while the last one is given."""

from threading import Event, Thread

import pytest

from remap_core.system.refreshing import Refreshing


def never():
    raise AssertionError("it is known already")


def fail():
    raise ValueError("no answer")


def until(condition):
    for _ in range(2_000):
        if condition():
            return
        Event().wait(0.005)
    raise AssertionError("it does not happen")


def test_the_first_answer_is_waited_for_and_kept_for_its_version():
    answers = Refreshing(keeps=2)
    assert answers.get("map", 1, lambda: "first") == "first"
    assert answers.get("map", 1, never) == "first"


def test_while_a_newer_answer_is_worked_out_whoever_asks_gets_the_last_one():
    answers, may_end, begun = Refreshing(keeps=2), Event(), []
    answers.get("map", 1, lambda: "first")

    def second():
        begun.append(1)
        may_end.wait(10)
        return "second"

    assert [answers.get("map", 2, second) for _ in range(5)] == ["first"] * 5
    may_end.set()
    until(lambda: answers.get("map", 2, second) == "second")
    assert len(begun) == 1


def test_who_may_not_get_an_old_answer_waits_for_the_one_that_is_being_worked_out():
    answers, may_end = Refreshing(keeps=2), Event()
    answers.get("map", 1, lambda: "first")
    answers.get("map", 2, lambda: may_end.wait(10) and "second")
    found = []
    waiting = Thread(target=lambda: found.append(answers.get("map", 2, never, may_be_old=False)))
    waiting.start()
    may_end.set()
    waiting.join(10)
    assert found == ["second"]


def test_none_is_an_answer():
    answers = Refreshing(keeps=2)
    assert answers.get("map", 1, lambda: None) is None
    assert answers.get("map", 1, never) is None


def test_what_fails_is_raised_also_after_it_failed_in_the_background():
    answers = Refreshing(keeps=2)
    with pytest.raises(ValueError, match="no answer"):
        answers.get("map", 1, fail)
    answers.get("map", 1, lambda: "first")
    with pytest.raises(ValueError, match="no answer"):
        for _ in range(2_000):
            answers.get("map", 2, fail)
            Event().wait(0.005)


def test_what_was_asked_for_longest_ago_is_forgotten():
    answers = Refreshing(keeps=2)
    for subject in ("a", "b", "a", "c"):
        answers.get(subject, 1, lambda: "first")
    assert answers.get("a", 1, never) == "first"
    assert answers.get("b", 1, lambda: "again") == "again"
