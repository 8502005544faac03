"""Pairs of classes that good models confuse: a limit of the data, or of architectures."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import friedmanchisquare

from remap_core.analysis.class_pairs import ClassPair, cochrans_q_p, confused_pairs
from remap_core.analysis.image_votes import ImageVotes
from remap_core.errors import InvalidTrial

CAT, DOG, EEL = 0, 1, 2
IMAGES = 40
"""Of each class."""


def judged(*cats_as_dogs: int, dogs_as_cats: int = 0) -> ImageVotes:
    """Models of which the first reads so many cats as dogs, and so on; eels are always right."""
    labels = np.repeat([CAT, DOG, EEL], IMAGES).astype(np.uint8)
    predictions = np.stack([labels] * len(cats_as_dogs))
    for model, wrong in enumerate(cats_as_dogs):
        predictions[model, :wrong] = DOG
    predictions[:, IMAGES : IMAGES + dogs_as_cats] = CAT
    return ImageVotes(np.arange(11, 11 + len(cats_as_dogs)), labels, predictions)


def test_what_every_model_confuses_is_a_limit_of_the_data():
    found = confused_pairs(judged(10, 11, 9, 10))
    assert found.limits_of_data == (ClassPair(CAT, DOG, 2 * IMAGES, 10.0, 0.0, best=13, fewest=9),)
    assert (found.limits_of_architecture, found.undecided) == ((), 0)


def test_what_one_model_tells_apart_is_a_limit_of_the_others_and_the_model_is_named():
    found = confused_pairs(judged(12, 13, 1, 12))
    assert found.limits_of_data == ()
    (pair,) = found.limits_of_architecture
    assert (pair.best, pair.fewest, pair.mean) == (13, 1, 9.5)


def test_a_difference_that_may_be_chance_decides_nothing():
    assert confused_pairs(judged(3, 3, 1, 3)).undecided == 1


def test_both_ways_count_together_and_the_more_frequent_one_is_named_first():
    (pair,) = confused_pairs(judged(2, 2, dogs_as_cats=7)).limits_of_data
    assert (pair.first, pair.second, pair.first_as_second, pair.second_as_first) == (DOG, CAT, 7.0, 2.0)


def test_a_model_that_calls_everything_a_cat_does_not_tell_cats_and_dogs_apart():
    votes = judged(20, 20, 20, 0)
    votes.predictions[3, IMAGES : 2 * IMAGES] = CAT
    (pair,) = confused_pairs(votes).limits_of_data
    assert pair.best != votes.models[3]


def test_of_equals_the_most_accurate_model_is_the_best():
    (pair,) = confused_pairs(judged(5, 5, 5)).limits_of_data
    assert pair.best == 11


def test_single_images_are_no_pair():
    assert confused_pairs(judged(1, 1, 1)).limits_of_data == ()


def test_models_without_mistakes_confuse_nothing():
    found = confused_pairs(judged(0, 0, 0))
    assert (found.limits_of_data, found.limits_of_architecture, found.undecided) == ((), (), 0)


@given(arrays(np.bool_, st.tuples(st.integers(3, 6), st.integers(2, 12))))
def test_cochrans_q_is_friedmans_test_of_two_outcomes(outcomes):
    assume((outcomes != outcomes[0]).any())
    assert cochrans_q_p(outcomes) == pytest.approx(friedmanchisquare(*outcomes.astype(float)).pvalue)


def test_images_on_which_all_models_agree_tell_nothing():
    assert cochrans_q_p(np.array([[True, False], [True, False]])) == 1


def test_one_model_has_nothing_to_compare_with():
    with pytest.raises(InvalidTrial, match="at least 2 models, but got 1"):
        cochrans_q_p(np.array([[True]]))
