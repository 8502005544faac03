"""Votes of the good models: labels that look wrong, and hard images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import entropy

from remap_core.analysis.image_votes import CLEAR, MAX_VOTERS, ImageVotes, better_half
from remap_core.errors import InvalidTrial


def votes(labels, *predictions) -> ImageVotes:
    """The votes of models 1, 2, ...; `predictions` are one list for each model."""
    return ImageVotes(
        np.arange(1, len(predictions) + 1),
        np.array(labels, dtype=np.uint8),
        np.array(predictions, dtype=np.uint8).reshape(len(predictions), len(labels)),
    )


@st.composite
def any_votes(draw) -> ImageVotes:
    k, n = draw(st.integers(1, 8)), draw(st.integers(1, 12))
    labels = draw(arrays(np.uint8, n, elements=st.integers(0, 3)))
    return ImageVotes(np.arange(k), labels, draw(arrays(np.uint8, (k, n), elements=st.integers(0, 3))))


def population_with_wrong_labels(models: int, images: int, wrong: int, accuracy: float, rng):
    """Labels of ten classes, `wrong` of them changed, and models that are right about the true class this often."""
    true = rng.integers(0, 10, images)
    labels = true.copy()
    changed = rng.permutation(images)[:wrong]
    labels[changed] = (labels[changed] + rng.integers(1, 10, wrong)) % 10
    is_wrong = rng.random((models, images)) > accuracy
    predictions = np.where(is_wrong, rng.integers(0, 10, (models, images)), true)
    return labels.astype(np.uint8), predictions.astype(np.uint8), set(changed.tolist())


def test_the_better_half_is_rounded_up_and_sorted_and_models_without_an_accuracy_do_not_count():
    assert better_half(np.array([0.2, np.nan, 0.9, 0.5, 0.9, 0.1])).tolist() == [2, 4, 3]


def test_of_very_many_models_only_the_best_are_asked():
    assert better_half(np.linspace(0, 1, 1_000)).tolist() == list(range(999, 999 - MAX_VOTERS, -1))


def test_a_label_is_suspected_where_more_than_two_thirds_agree_on_one_other_class():
    (found,) = votes([0, 0, 0], [1, 1, 0], [1, 1, 0], [1, 0, 0]).suspected()
    assert (found.row, found.label, found.other, found.for_other, found.for_label) == (0, 0, 1, 3, 0)
    assert found.entropy == 0


def test_exactly_two_thirds_are_no_clear_answer_but_a_split():
    split = votes([0], [1], [1], [0])
    assert split.suspected() == []
    assert [verdict.row for verdict in split.hard()] == [0]


def test_the_most_votes_come_first_and_of_equals_the_fewest_for_the_label():
    found = votes([0, 0, 0], *([[1, 1, 1]] * 7), [2, 0, 1], [2, 0, 2]).suspected()
    assert [verdict.row for verdict in found] == [2, 0, 1]


def test_votes_for_different_other_classes_suspect_nothing():
    assert votes([0], [1], [2], [3], [4]).suspected() == []


def test_hard_images_come_by_the_entropy_of_their_votes():
    found = votes([0, 0, 0], [0, 0, 0], [0, 1, 1], [0, 1, 2], [0, 0, 3]).hard()
    assert [(verdict.row, verdict.entropy) for verdict in found] == [(2, 2.0), (1, 1.0)]


def test_votes_of_other_images_are_refused():
    with pytest.raises(InvalidTrial, match=r"\(2, 3\), but got \(2, 2\)"):
        ImageVotes(np.arange(2), np.zeros(3, np.uint8), np.zeros((2, 2), np.uint8))


@given(any_votes())
def test_counts_and_entropy_are_those_of_a_plain_count(judged):
    found = {verdict.row: verdict for verdict in (*judged.suspected(), *judged.hard())}
    k = len(judged.models)
    for row, label in enumerate(judged.labels):
        counts = np.bincount(judged.predictions[:, row], minlength=4)
        others = counts.copy()
        others[label] = 0
        is_listed = counts.max() <= CLEAR * k or others.max() > CLEAR * k
        assert (row in found) == is_listed
        if is_listed:
            verdict = found[row]
            assert (verdict.for_label, verdict.for_other) == (counts[label], others.max())
            assert not others.max() or verdict.other == others.argmax()
            assert verdict.entropy == pytest.approx(entropy(counts / k, base=2))


@given(any_votes())
def test_no_image_is_both_suspected_and_hard(judged):
    suspected = {verdict.row for verdict in judged.suspected()}
    assert not suspected & {verdict.row for verdict in judged.hard()}


@given(any_votes())
def test_the_suspected_images_are_the_beginning_of_the_ranking_of_all(judged):
    suspected = [verdict.row for verdict in judged.suspected()]
    assert judged.ranking()[: len(suspected)].tolist() == suspected
    assert sorted(judged.ranking().tolist()) == list(range(len(judged.labels)))


@given(any_votes(), st.randoms(use_true_random=False))
def test_the_order_of_the_models_does_not_matter(judged, random):
    order = list(range(len(judged.models)))
    random.shuffle(order)
    shuffled = ImageVotes(judged.models[order], judged.labels, judged.predictions[order])
    assert shuffled.suspected() == judged.suspected()
    assert shuffled.hard() == judged.hard()


@pytest.mark.parametrize("seed", range(5))
def test_labels_that_were_changed_on_purpose_are_the_first_ones(seed):
    rng = np.random.default_rng(seed)
    labels, predictions, changed = population_with_wrong_labels(20, 271, 11, accuracy=0.9, rng=rng)
    judged = ImageVotes(np.arange(20), labels, predictions)
    assert set(judged.ranking()[:11].tolist()) == changed
    assert {verdict.row for verdict in judged.suspected()} <= changed


def test_thousands_of_classes_are_counted_like_ten():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4_096, 5_000).astype(np.uint16)
    judged = ImageVotes(np.arange(6), labels, np.stack([labels] * 5 + [(labels + 1) % 4_096]).astype(np.uint16))
    assert judged.suspected() == judged.hard() == []
