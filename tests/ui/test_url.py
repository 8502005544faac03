import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.ui.url import MOST, drawer_of, drawer_text

ids = st.lists(st.integers(1, 10**15 - 1), unique=True, max_size=30)


@given(ids)
def test_a_drawer_is_read_as_it_was_written(models):
    assert drawer_of(drawer_text(models)) == (models, "")


@given(st.text(max_size=80))
def test_whatever_an_address_says_is_models_and_one_sentence(text):
    models, complaint = drawer_of(text)
    assert len(models) == len(set(models))
    assert "\n" not in complaint


@pytest.mark.parametrize(
    ("text", "models", "complaint"),
    [
        ("", [], ""),
        ("3,,7,", [3, 7], ""),
        ("٣,3", [3], "but got '٣'; the others are kept."),
        ("-1,a,2", [2], "but got '-1' and 1 more; the others are kept."),
        ("9" * 16, [], "but got '9999999999999999'; the others are kept."),
    ],
)
def test_what_is_no_number_is_said_and_the_rest_is_kept(text, models, complaint):
    found, said = drawer_of(text)
    assert found == models
    assert said.endswith(complaint)


def test_an_address_names_so_many_models_and_no_more():
    models, complaint = drawer_of(",".join(map(str, range(1, 1001))))
    assert models == list(range(1, MOST + 1))
    assert complaint == "The address names 1,000 models; the first 500 are kept."
