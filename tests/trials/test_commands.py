import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import architectures
from trainings import proposal

from remap_core.errors import UnreadableCommand
from remap_core.space.caps import Cap, Cost
from remap_core.space.edits import Remove
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import (
    COMMANDS,
    Annotate,
    Cancel,
    CancelBatch,
    Enqueue,
    Move,
    Pause,
    RecomputeLayout,
    RemoveDataset,
    Resume,
    Retry,
    ScoreSealed,
    command_from_json,
    command_to_json,
)
from remap_core.trials.model_maps import Relation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import MODEL_ORIGINS, Place, Proposal

ids = st.integers(1, 10**9)
proposals = st.builds(
    Proposal,
    architectures(),
    st.text(min_size=1),
    st.builds(TrainingConfig, st.integers(1, 50), seed=st.integers(0, 9)),
    st.sampled_from(MODEL_ORIGINS),
    st.none() | ids,
    st.lists(st.builds(Remove, st.integers(0, 20))).map(tuple),
    st.text(),
    st.sampled_from(["", "mobile", "a-space_of.mine"]),
    st.booleans(),
)
caps = st.builds(Cap, st.sampled_from(Cost), st.floats(0.1, 1e15), st.text(max_size=100))
annotations = st.builds(
    Annotation,
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.lists(st.text("ab🧩<&", min_size=1), max_size=3).map(tuple),
)
commands = st.one_of(
    st.builds(Enqueue, st.lists(proposals, max_size=3).map(tuple), st.lists(caps, max_size=2).map(tuple)),
    st.builds(Cancel, ids),
    st.builds(CancelBatch, st.text()),
    st.builds(Retry, ids),
    st.builds(Move, ids, st.sampled_from(Place)),
    st.builds(ScoreSealed, ids),
    st.builds(lambda trial, known: Annotate(trial, known.note, known.tags), ids, annotations),
    st.builds(lambda trial, known: Annotate(trial, note=known.note), ids, annotations),
    st.builds(lambda trial, known: Annotate(trial, tags=known.tags), ids, annotations),
    st.builds(RecomputeLayout, st.text(), st.sampled_from(Relation)),
    st.builds(RemoveDataset, st.text()),
    st.just(Pause()),
    st.just(Resume()),
)


@given(commands)
def test_commands_round_trip_through_json(command):
    assert command_from_json(json.loads(json.dumps(command_to_json(command)))) == command


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ([], "A command must be an object, but got list."),
        ({"version": 2, "kind": "pause"}, "A command must have version 1, but got 2."),
        ({"version": 1, "kind": "dance"}, "kind must be one of enqueue, cancel, cancel_batch, retry, move, pause, "),
        ({"version": 1, "kind": "cancel"}, "The cancel command cannot be read: KeyError: 'trial'"),
        (
            {"version": 1, "kind": "move", "trial": 1, "place": "sideways"},
            "The move command cannot be read: ValueError",
        ),
        ({"version": 1, "kind": "enqueue", "proposals": [{}]}, "The enqueue command cannot be read"),
        (
            {"version": 1, "kind": "annotate", "trial": 1},
            "The annotate command cannot be read: KeyError: 'note or tags'",
        ),
        (
            {"version": 1, "kind": "annotate", "trial": 1, "note": "x" * 10_001, "tags": []},
            "The annotate command cannot",
        ),
        ({"version": 1, "kind": "enqueue", "proposals": 7}, "The enqueue command cannot be read"),
        ({"version": 1, "kind": "pause", "until": 9}, "The pause command has unknown keys: until."),
        ({"version": 1, "kind": "cancel", "trial": 7, "b": 1, "a": 2}, "The cancel command has unknown keys: a, b."),
    ],
)
def test_an_invalid_command_is_refused_with_the_reason(form, sentence):
    with pytest.raises(UnreadableCommand) as refused:
        command_from_json(form)
    assert str(refused.value).startswith(sentence)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(
    st.sampled_from(list(COMMANDS)),
    st.dictionaries(st.sampled_from(["trial", "place", "proposals", "note", "tags", "dataset"]), json_values),
)
def test_any_json_is_a_command_or_unreadable(kind, body):
    try:
        command = command_from_json({"version": 1, "kind": kind, **body})
    except UnreadableCommand:
        return
    assert command.kind == kind


def test_many_proposals_are_sent_in_commands_of_a_thousand():
    many = Enqueue(tuple(proposal(units) for units in range(1, 2_502)), (Cap(Cost.PARAMETERS, 1e6),))
    pieces = many.pieces()
    assert [len(piece.proposals) for piece in pieces] == [1_000, 1_000, 501]
    assert Enqueue(sum((piece.proposals for piece in pieces), ()), many.caps) == many
    assert {piece.caps for piece in pieces} == {many.caps}
    assert Enqueue(()).pieces() == [Enqueue(())]
