import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from remap_core.datasets.splits import MIN_IMAGES_PER_CLASS, balanced_counts, split_by_class

SHARES = (0.70, 0.15, 0.15)
class_sizes = st.lists(st.integers(MIN_IMAGES_PER_CLASS, 120), min_size=2, max_size=6)


def labels_of(sizes: list[int]) -> np.ndarray:
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes), dtype=np.uint8), sizes))


@given(class_sizes)
def test_every_image_is_in_exactly_one_part(sizes):
    split = split_by_class(labels_of(sizes), np.array(sizes))
    assert sorted(np.concatenate(split).tolist()) == list(range(sum(sizes)))


@given(class_sizes)
def test_every_class_is_split_70_15_15_to_within_one_image(sizes):
    labels = labels_of(sizes)
    for rows, share in zip(split_by_class(labels, np.array(sizes)), SHARES, strict=True):
        counts = np.bincount(labels[rows], minlength=len(sizes))
        assert (counts >= 1).all()
        assert (np.abs(counts - share * np.array(sizes)) <= 1).all()


@given(class_sizes, st.data())
def test_an_image_has_the_same_role_in_a_subset_as_in_the_full_data_set(sizes, data):
    fewer = [data.draw(st.integers(MIN_IMAGES_PER_CLASS, size)) for size in sizes]
    whole = split_by_class(labels_of(sizes), np.array(sizes))
    part = split_by_class(labels_of(sizes), np.array(fewer))
    assert all(set(some.tolist()) <= set(all_.tolist()) for some, all_ in zip(part, whole, strict=True))
    assert sum(map(len, part)) == sum(fewer)


def test_rows_keep_the_order_of_the_data_set():
    split = split_by_class(labels_of([40, 40]), np.array([40, 40]))
    assert all((np.diff(rows) > 0).all() for rows in split)


def test_the_split_never_changes_as_stored_predictions_rely_on_it():
    split = split_by_class(np.zeros(12, dtype=np.uint8), np.array([12]))
    assert split.validation.tolist() == [3, 7]
    assert split.test.tolist() == [10]


@given(st.integers(1, 10_000), st.integers(2, 256))
def test_balanced_counts_differ_by_at_most_one_and_sum_to_n(n, classes):
    counts = balanced_counts(n, classes)
    assert counts.sum() == n
    assert np.ptp(counts) <= 1
