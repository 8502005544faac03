import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.ui.url import MAX_MODELS, drawer_text, parse_drawer

ids = st.lists(st.integers(1, 10**15 - 1), unique=True, max_size=30)


@given(ids)
def test_a_drawer_is_read_as_it_was_written(models):
    assert parse_drawer(drawer_text(models)) == (models, "")


@given(st.text(max_size=80))
def test_whatever_an_address_says_is_models_and_one_sentence(text):
    models, complaint = parse_drawer(text)
    assert len(models) == len(set(models))
    assert "\n" not in complaint


@pytest.mark.parametrize(
    ("text", "models", "complaint"),
    [
        ("", [], ""),
        ("3,,7,", [3, 7], ""),
        ("٣,3", [3], "but got '٣', which is ignored."),
        ("-1,a,2", [2], "but got '-1' and 1 more, which are ignored."),
        ("9" * 16, [], "but got '9999999999999999', which is ignored."),
    ],
)
def test_what_is_no_number_is_said_and_the_rest_is_kept(text, models, complaint):
    found, said = parse_drawer(text)
    assert found == models
    assert said.endswith(complaint)


def test_an_address_names_so_many_models_and_no_more():
    models, complaint = parse_drawer(",".join(map(str, range(1, 1001))))
    assert models == list(range(1, MAX_MODELS + 1))
    assert complaint == "The URL names 1,000 models; only the first 500 are used."
