import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from remap_core.analysis.mcnemar import PairedTest, paired_test
from remap_core.errors import InvalidTrial

counts = st.integers(0, 400)


def classes(*values):
    return np.array(values, dtype=np.uint8)


def test_only_images_that_exactly_one_model_misclassifies_are_counted():
    true_classes = classes(0, 1, 2, 3, 4)
    first = classes(0, 1, 9, 9, 9)
    second = classes(0, 9, 2, 3, 8)
    assert paired_test(true_classes, first, second) == PairedTest(1, 2)


@given(counts, counts)
def test_p_is_that_of_a_two_sided_binomial_test(first, second):
    expected = binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    assert PairedTest(first, second).p == pytest.approx(expected, rel=1e-9)


@given(counts, counts)
def test_the_order_of_the_models_does_not_matter(first, second):
    assert PairedTest(first, second).p == PairedTest(second, first).p


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (PairedTest(0, 0), "#7 and #3 are right on the same images: no difference to test."),
        (
            PairedTest(1, 0),
            "#7 is right on 1 image where #3 is wrong, 0 the other way: within noise (exact McNemar p = 1)",
        ),
        (PairedTest(14, 6), "6 the other way: within noise (exact McNemar p = 0.12)."),
        (PairedTest(20, 5), "5 the other way: #7 is better (exact McNemar p = 0.0041)."),
        (
            PairedTest(1000, 2000),
            "on 1,000 images where #3 is wrong, 2,000 the other way: #3 is better (exact McNemar p < 0.001)",
        ),
    ],
)
def test_the_outcome_has_a_sentence(test, words):
    assert words in test.sentence("#7", "#3")


def test_predictions_of_other_images_are_refused():
    with pytest.raises(InvalidTrial, match="there are 3 labels and 3 and 2 predictions"):
        paired_test(classes(1, 2, 3), classes(1, 2, 3), classes(1, 2))


def test_negative_counts_are_refused():
    with pytest.raises(InvalidTrial, match="Counts must be at least 0, but got -1 and 3"):
        PairedTest(-1, 3)
