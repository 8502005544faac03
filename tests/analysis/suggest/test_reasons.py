from dataclasses import replace

import pytest
from analysis.populations import population
from trainings import trial

from remap_core.analysis.suggest.reasons import Evidence, phrase
from remap_core.space.edits import Merge, Prepend, Remove, Reparameterize, Replace
from remap_core.space.layers import Activation, BatchNorm, Dense, MaxPool2d
from remap_core.space.text import parse_layers

CHAIN = parse_layers("Conv 32x3, ReLU, Dropout 0.5, Dense 64")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Remove(2), "removing Dropout"),
        (Remove(1), "removing ReLU"),
        (Prepend(4, BatchNorm()), "inserting BatchNorm"),
        (Replace(0, MaxPool2d(2)), "replacing Conv by MaxPool"),
        (Replace(2, Activation("tanh")), "replacing Dropout by Tanh"),
        (Reparameterize(0, "filters", 64), "raising the filters of Conv"),
        (Reparameterize(0, "kernel_size", 1), "lowering the kernel size of Conv"),
        (Reparameterize(0, "padding", "same"), "changing the padding of Conv to same"),
        (Reparameterize(1, "function", "tanh"), "changing ReLU to Tanh"),
        (Merge(0, 2, Dense(4)), "merging linear layers"),
    ],
)
def test_an_edit_is_said_without_its_place(edit, words):
    assert phrase(edit, CHAIN) == words


MODELS = population(
    accuracy=[0.80, 0.82, 0.79, 0.85],
    parameters=[100, 50, 300, 100],
    text=("Dense 4, Dropout 0.5", "Dense 4", "Dense 4", "Dense 8, Dropout 0.5"),
)


def child(number, *edits):
    made = trial(number)
    return replace(made, proposal=replace(made.proposal, parent=1, edits=edits))


def test_the_evidence_counts_how_often_an_edit_of_this_sort_helped():
    children = [child(2, Remove(1)), child(3, Remove(1)), child(4, Reparameterize(0, "units", 8))]
    found = Evidence.of(MODELS, children, MODELS.accuracy)
    layers = parse_layers("Dense 4, ReLU, Dropout 0.25")
    assert found.sentence([Remove(2)], layers, -41_000) == (
        "Removing Dropout helped in 1 of 2 earlier edits, +0.5 points on average; 41,000 parameters fewer."
    )
    assert found.sentence([Remove(1)], layers, 0) == "Removing ReLU was not tried yet; as many parameters."


def test_several_edits_tell_nothing_about_one():
    found = Evidence.of(MODELS, [child(2, Remove(1), Remove(0))], MODELS.accuracy)
    assert found.differences == {}
    assert found.sentence([Remove(1), Remove(0)], CHAIN, 3) == "2 edits at once; 3 parameters more."
