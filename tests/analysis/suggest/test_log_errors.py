import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.analysis.suggest.log_errors import log_errors, shares_of


@given(st.lists(st.floats(0, 1), min_size=1))
def test_accuracies_come_back(shares):
    assert shares_of(log_errors(np.array(shares))) == pytest.approx(shares, abs=1e-9)


def test_what_is_beyond_the_scale_is_an_accuracy_too():
    assert shares_of(np.array([-9.0, 99.0])).tolist() == [0, 1]
