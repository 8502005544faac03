import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.own_drawers import MAX_BYTES, MAX_MODELS, read_drawers, write_drawers

ADA, BOB = "ada@example.org", "../../bob"


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "home")


def test_drawers_are_read_as_they_were_written_each_person_their_own(folder):
    write_drawers(folder, ADA, {"digits": [3, 7], "leaves": [], "mnist": [1]})
    write_drawers(folder, BOB, {"digits": [5]})
    assert read_drawers(folder, ADA) == {"digits": [3, 7], "mnist": [1]}
    assert read_drawers(folder, BOB) == {"digits": [5]}
    assert len(list(folder.people.iterdir())) == 2
    assert read_drawers(folder, "eve@example.org") == {}


def test_a_drawer_of_many_models_is_cut(folder):
    write_drawers(folder, ADA, {"digits": list(range(1, 2 * MAX_MODELS))})
    assert len(read_drawers(folder, ADA)["digits"]) == MAX_MODELS


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("drawers") | st.text(max_size=3), inner),
)


@given(JSON)
def test_no_file_breaks_the_drawers(tmp_path_factory, form):
    folder = DataFolder(tmp_path_factory.getbasetemp() / "drawers")
    write_drawers(folder, ADA, {"digits": [3]})
    (path,) = folder.people.iterdir()
    path.write_text(json.dumps(form))
    for models in read_drawers(folder, ADA).values():
        assert all(type(model) is int for model in models)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b" " * (MAX_BYTES + 1)])
def test_a_file_that_cannot_be_read_is_an_empty_drawer(folder, content):
    write_drawers(folder, ADA, {"digits": [3]})
    (path,) = folder.people.iterdir()
    path.write_bytes(content)
    assert read_drawers(folder, ADA) == {}
