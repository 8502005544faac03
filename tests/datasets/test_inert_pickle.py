import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.datasets.readers.arrays.inert_pickle import Call, Name, NotData, inert_pickle

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda values: (
        st.lists(values)
        | st.tuples(values)
        | st.tuples(values, values, values, values)
        | st.dictionaries(st.text() | st.binary() | st.integers(), values)
    ),
    max_leaves=20,
)


@given(PLAIN, st.sampled_from([2, 3, 4, 5]))
def test_plain_data_are_read_as_pickle_reads_them(value, protocol):
    assert inert_pickle(pickle.dumps(value, protocol)) == value


@given(st.sets(st.integers()), st.frozensets(st.text()), st.sampled_from([4, 5]))
def test_sets_are_read_from_the_protocols_that_have_them(numbers, texts, protocol):
    assert inert_pickle(pickle.dumps([numbers, texts], protocol)) == [numbers, texts]


def test_values_that_are_used_twice_stay_one():
    shared = [1]
    first, second = inert_pickle(pickle.dumps([shared, shared]))
    assert first is second


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_something_leaves_a_record_of_it(tmp_path, protocol):
    victim = tmp_path / "victim"

    class Bomb:
        def __reduce__(self):
            return os.system, (f"touch {victim}",)

    record = inert_pickle(pickle.dumps(Bomb(), protocol))
    assert isinstance(record, Call)
    assert record.name.endswith(".system")
    assert record.arguments == (f"touch {victim}",)
    assert not victim.exists()


def test_nothing_is_imported():
    content = b"cantigravity\nfly\n."
    code = (
        "import sys; from remap_core.datasets.readers.arrays.inert_pickle import inert_pickle; "
        f"inert_pickle({content!r}); sys.exit('antigravity' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
    assert isinstance(inert_pickle(content), Name)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        b"\x80\x02",
        b"\x80\x02.",
        b"\x80\x02]q\x00",
        b"\x80\x02(.",
        b"\x80\x02h\x05.",
        b"\x80\x02]]s.",
        b"T\xff\xff\xff\x7fabc.",
        pickle.dumps([1, 2, 3])[:-3],
    ],
)
def test_a_damaged_pickle_is_refused(content):
    with pytest.raises(NotData):
        inert_pickle(content)


@pytest.mark.parametrize(
    "content", [b"(ios\nsystem\n.", b"\x80\x02\x82\x01.", b"Pid\n.", pickle.dumps(OrderedDict.fromkeys)]
)
def test_steps_that_no_data_need_are_refused_or_leave_records(content):
    try:
        assert isinstance(inert_pickle(content), Call)
    except NotData as error:
        assert "which no plain data need" in str(error)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    with suppress(NotData):
        inert_pickle(content)
