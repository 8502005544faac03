from fakes import MemoryStore
from hypothesis import given
from hypothesis import strategies as st
from trainings import proposal

from remap_core.trials.trial import Place

PEOPLE = ("ada", "bob", "cid")


def queued(store, owner, units):
    return store.enqueue([proposal(number) for number in units], 1.0, owner)


def order(store):
    claimed = []
    while trial := store.claim(1.0):
        claimed.append(trial.owner)
    return "".join(owner[0] for owner in claimed)


def test_a_single_person_is_served_in_the_order_of_the_commands():
    store = MemoryStore()
    first, second = queued(store, "", range(1, 4)), queued(store, "", range(4, 7))
    assert [store.claim(1.0).id for _ in range(6)] == first + second


def test_nobody_waits_behind_more_than_one_training_of_each_other_person():
    store = MemoryStore()
    queued(store, "ada", range(1, 100))
    for _ in range(10):
        store.claim(1.0)
    queued(store, "bob", range(100, 103))
    queued(store, "cid", range(103, 104))
    assert order(store)[:9] == "abcababaa"


def test_ones_own_trainings_keep_their_place_among_those_of_others():
    store = MemoryStore()
    ada, bob = queued(store, "ada", range(1, 4)), queued(store, "bob", range(4, 7))
    store.move(ada[2], Place.TOP, "ada")
    store.move(bob[0], Place.DOWN, "bob")
    assert [store.claim(1.0).id for _ in range(6)] == [ada[2], bob[1], ada[0], bob[0], ada[1], bob[2]]


STEPS = st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 5)), max_size=25)


@given(STEPS)
def test_while_two_people_wait_none_is_served_twice_more_than_the_other(steps):
    """Each step queues trainings of a person, or claims one where there are none."""
    store, units = MemoryStore(), iter(range(1, 10_000))
    since = {}
    for person, trainings in [*steps, *[("ada", 0)] * 200]:
        if trainings:
            queued(store, person, [next(units) for _ in range(trainings)])
        elif claimed := store.claim(1.0):
            for pair in [pair for pair in since if claimed.owner in pair]:
                since[pair][claimed.owner] += 1
        waiting = [name for name in PEOPLE if store.waiting(name)]
        pairs = {(one, other) for one in waiting for other in waiting if one < other}
        since = {pair: since.get(pair, dict.fromkeys(pair, 0)) for pair in pairs}
        for served in since.values():
            assert abs(served[min(served)] - served[max(served)]) <= 2
