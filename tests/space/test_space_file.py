"""A person's own search space: the documented example, and one sentence for a fault."""

import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remap_core.errors import InvalidSpace, SpaceExhausted
from remap_core.space.caps import Cap, Cost
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_space import STOP
from remap_core.space.markov.space_file import MAX_BYTES, read_space_file, space_of_toml

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "small-colour.toml"
SMALL = """
name = "small"
[steps.conv]
kind = "conv2d"
kernel_size = [1, 3]
filters = [8, 16]
padding = "same"
[steps.act]
kind = "activation"
function = ["relu", "gelu"]
[[steps.pool]]
kind = "max_pool2d"
size = 2
[[steps.pool]]
kind = "avg_pool2d"
size = [2, 3]
[steps.dense]
kind = "dense"
units = 32
[on_images]
start = { conv = 1 }
conv = { act = 0.75, pool = 0.25 }
act = { conv = 3, dense = 1 }
pool = { conv = 1, dense = 1 }
[on_vectors]
dense = { stop = 1, act = 1 }
act = { stop = 1 }
[caps]
parameters = 20_000
"""


def test_the_documented_example_loads_and_samples():
    space = read_space_file(EXAMPLE)
    sampled = sample_architectures(space, (3, 32, 32), 10, 20, np.random.default_rng(0))
    grid = {layer for layers in space.grid.values() for layer in layers}
    assert len({one.fingerprint for one in sampled}) == 20
    assert {layer for one in sampled for layer in one.layers} <= grid
    assert max(one.parameters for one in sampled) <= 150_000
    assert max(one.peak_values for one in sampled) <= 256 * 1024


def test_the_page_about_search_spaces_shows_the_example_as_it_is():
    page = (ROOT / "docs" / "search-spaces.md").read_text(encoding="utf-8")
    assert re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1] == EXAMPLE.read_text(encoding="utf-8")


def test_values_are_combined_and_weights_become_probabilities():
    space = space_of_toml(SMALL)
    assert {step: len(layers) for step, layers in space.grid.items()} == {"conv": 4, "act": 2, "pool": 3, "dense": 1}
    assert {step: float(share) for step, share in space.on_images["conv"].items()} == {"act": 0.75, "pool": 0.25}
    assert space.caps == (Cap(Cost.PARAMETERS, 20_000, "the caps of small"),)


@pytest.mark.parametrize(
    ("written", "instead", "sentence"),
    [
        ('name = "small"', "", "name must be 1 to 40 letters, digits, dots, hyphens and underscores, but got None."),
        ('name = "small"', 'name = "modern"', "name must not be that of a space of REMAP's own, but got 'modern'."),
        ('"conv2d"', '"lstm"', "steps.conv.kind must be one of "),
        ('"conv2d"', "3", "steps.conv.kind must be one of "),
        ("[8, 16]", "[0]", "steps.conv: filters must be a whole number of at least 1, but got 0."),
        ("[8, 16]", "[]", "steps.conv.filters must be a value or a list of values, but got []."),
        ("[8, 16]", "[[8]]", "steps.conv.filters must be a value or a list of values, but got [[8]]."),
        ("[8, 16]", "1_000_000", "steps.conv.filters must be at most 100,000, but got 1000000."),
        ("[8, 16]", f"{list(range(1, 600))}", "steps.conv must choose from at most 1,000 layers, but has 1,198."),
        ("kernel_size = [1, 3]", "kernel_size = 2", 'steps.conv: padding "same" needs an odd kernel_size, but got 2.'),
        ("kernel_size = [1, 3]", "", "steps.conv: conv2d needs kernel_size."),
        ("padding", "depth", "steps.conv: conv2d takes kernel_size, filters, stride, padding, but got 'depth'."),
        ("[steps.dense]", "[steps.stop]", "steps.stop must have another name: start and stop are the ends of a chain."),
        ("start = { conv = 1 }", "", "on_images.start is missing: a chain starts there."),
        ("start = { conv", "start = { con", "on_images.start must lead to steps or stop, but names 'con'."),
        ("pool = { conv", "pol = { conv", "on_images.pol is a row of a step that is not in steps: "),
        (", pool = 0.25", "", "steps.pool is reached by no row: no chain from start comes there."),
        ("act = { stop = 1 }", "", "on_vectors.act is missing: on_vectors.dense leads there."),
        ("act = { stop = 1 }", "act = { conv = 1 }", "on_vectors.act leads to conv, but its Conv 8x1 same needs an "),
        (
            "act = { stop = 1 }",
            "act = { stop = 1 }\npool = { stop = 1 }",
            "on_vectors.pool is a row that no chain from",
        ),
        ("act = 0.75", "act = -1", "on_images.conv.act must be a number of at least 0, but got -1."),
        ("act = 0.75", "act = nan", "on_images.conv.act must be a number of at least 0, but got nan."),
        ("act = 0.75", "act = true", "on_images.conv.act must be a number of at least 0, but got True."),
        (
            "act = 0.75, pool = 0.25",
            "act = 0.0",
            "on_images.conv must have weights that do not sum to 0, but got {'act': 0.0}.",
        ),
        ("parameters", "params", "caps.params is not a cap: parameters, multiply_adds, activation_memory, seconds."),
        ("20_000", "0", "caps.parameters must be a number greater than 0, but got 0."),
        ("[caps]", "[cap]", "'cap' is not a key of a search space: name, steps, on_images, on_vectors, caps."),
        ("[on_images]", "[[on_images]]", "on_images must be a table, but got "),
        ("[on_images]", "[on_images", "it cannot be read as TOML: "),
    ],
)
def test_a_fault_is_one_sentence_with_file_key_rule_and_value(tmp_path, written, instead, sentence):
    file = tmp_path / "small.toml"
    assert written in SMALL
    file.write_text(SMALL.replace(written, instead, 1))
    with pytest.raises(InvalidSpace) as refused:
        read_space_file(file)
    said = str(refused.value)
    assert said.startswith(f"{file}: {sentence}")
    assert said.endswith(".")
    assert "\n" not in said


def test_a_cycle_without_an_end_names_the_row():
    text = SMALL.replace(
        "dense = { stop = 1, act = 1 }\nact = { stop = 1 }", "dense = { act = 1 }\nact = { dense = 1 }"
    )
    with pytest.raises(InvalidSpace, match=r"^on_vectors\.act never comes to stop: the rows after it are a cycle"):
        space_of_toml(text)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"#" * (MAX_BYTES + 1), "is too large for a search space: at most 100,000 bytes."),
        (b"name = '\xff\xfe'", "is not text in UTF-8."),
        (b"a = " + b"[" * 50_000, "cannot be read as TOML"),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_a_file_that_is_no_toml_is_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "space.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidSpace) as refused:
        read_space_file(file)
    assert str(file) in str(refused.value)
    assert sentence in str(refused.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InvalidSpace, match=r"cannot be read: Is a directory\."):
        read_space_file(tmp_path)


STEPS = ("conv", "act", "pool", "dense", STOP)
rows = st.dictionaries(
    st.sampled_from(STEPS), st.floats(0, 1e6, allow_nan=False) | st.integers(0, 10), min_size=1, max_size=5
)


@given(images=st.fixed_dictionaries(dict.fromkeys(("start", "conv", "act", "pool"), rows)), seed=st.integers(0, 99))
@settings(max_examples=150)
def test_any_weights_are_a_space_that_samples_or_one_sentence(images, seed):
    written = "\n".join(f"{step} = {_inline(row)}" for step, row in images.items())
    text = re.sub(r"(?s)\[on_images\].*?\[on_vectors\]", f"[on_images]\n{written}\n[on_vectors]", SMALL)
    try:
        space = space_of_toml(text)
    except InvalidSpace as error:
        assert str(error).endswith(".")
        return
    assert all(sum(row.values()) == 1 for row in space.on_images.values())
    with suppress(SpaceExhausted):  # its chains hardly ever end
        (sampled,) = sample_architectures(space, (1, 8, 8), 10, 1, np.random.default_rng(seed), learnable=False)
        assert sampled.parameters <= 20_000


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: raw.decode("latin-1")))
def test_no_text_at_all_is_an_error_of_another_kind(text):
    with pytest.raises(InvalidSpace):
        space_of_toml(text)


def _inline(row):
    return "{ " + ", ".join(f"{step} = {weight!r}" for step, weight in row.items()) + " }"
