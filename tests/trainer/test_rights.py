from dataclasses import replace

import pytest
from trainer_doubles import TOY, FakeTrainer
from trainings import proposal

from remap_core.access.person import NOBODY, Person
from remap_core.access.roles import Roles
from remap_core.errors import ForgedCommand
from remap_core.trainer.rights import Gate, Limits
from remap_core.trials.commands import (
    AddedDataset,
    Annotate,
    Cancel,
    CancelBatch,
    Enqueue,
    Move,
    Outcome,
    Pause,
    RecomputeLayout,
    RemoveDataset,
    Resume,
    Retry,
    ScoreSealed,
)
from remap_core.trials.model_maps import Relation
from remap_core.trials.trial import Origin, Place, TrialState

ADA, BOB, BEA, EVE = (Person(f"{name}@example.org") for name in ("ada", "bob", "bea", "eve"))
STRANGER = Person("eve@example.com")
LOCAL = Person("root", is_local=True)
ROLES = Roles(admins=(ADA.name,), builders=(BOB.name, BEA.name), viewers=("@example.org",))


@pytest.fixture
def trainer():
    """Closed and paused, with a data set, and trainings 1 of Bob and 2 of Bea."""
    trainer = FakeTrainer(gate=Gate(ROLES))
    trainer.apply(Enqueue((proposal(3),)), ADA)
    trainer.tick(20)
    trainer.apply(Pause(), ADA)
    for person, units in ((BOB, 4), (BEA, 5)):
        trainer.apply(Enqueue((proposal(units, batch=f"of {person.name}"),)), person)
    return trainer


def outcome(trainer, command, sender):
    receipt = trainer.apply(command, sender)
    return receipt.message if receipt.outcome is Outcome.REFUSED else "applied"


def test_trainings_belong_to_who_queued_them(trainer):
    assert [trainer.store.trial(trial).owner for trial in (1, 2, 3)] == [ADA.name, BOB.name, BEA.name]


@pytest.mark.parametrize(
    ("command", "action"),
    [
        (Enqueue((proposal(9),)), "train"),
        (Cancel(2), "cancel trainings"),
        (CancelBatch("of bob@example.org"), "cancel trainings"),
        (Retry(2), "retry trainings"),
        (Move(2, Place.TOP), "move trainings"),
        (ScoreSealed(1), "score a model on the sealed test images"),
        (Annotate(1, "mine"), "write a shared note"),
        (RecomputeLayout("toy", Relation.STRUCTURE), "recompute a map"),
    ],
)
def test_a_viewer_may_only_look(trainer, command, action):
    assert outcome(trainer, command, EVE) == f"To {action} one must be a builder, but {EVE.name} is a viewer."
    assert outcome(trainer, command, STRANGER) == f"{STRANGER.name} has no role here, so may not {action}."


@pytest.mark.parametrize(
    ("command", "action"),
    [
        (Pause(), "pause the queue"),
        (Resume(), "resume the queue"),
        (AddedDataset("trees"), "add a data set"),
        (RemoveDataset("toy"), "remove a data set"),
    ],
)
def test_only_an_admin_pauses_and_removes_data_sets(trainer, command, action):
    assert outcome(trainer, command, BOB) == f"To {action} one must be an admin, but {BOB.name} is a builder."
    assert outcome(trainer, command, ADA) == "applied"


@pytest.mark.parametrize("command", [Cancel(2), Move(2, Place.TOP), CancelBatch("of bob@example.org")])
def test_a_builder_changes_only_their_own_trainings(trainer, command):
    assert f"belongs to {BOB.name}: only they or an admin may do that." in outcome(trainer, command, BEA)
    assert trainer.state(2) is TrialState.WAITING
    assert outcome(trainer, command, BOB) == "applied"


def test_an_admin_changes_everybodys_trainings(trainer):
    assert outcome(trainer, Cancel(2), ADA) == "applied"
    assert outcome(trainer, Retry(2), ADA) == "applied"
    assert trainer.store.trial(2).owner == BOB.name


def test_a_data_set_is_new_only_to_an_admin(trainer):
    trainer.apply(RemoveDataset("toy"), ADA)
    assert "To train on a new data set one must be an admin" in outcome(trainer, Enqueue((proposal(8),)), BOB)


def test_a_builder_may_train_on_parts_of_a_data_set_that_is_known(trainer):
    part = replace(proposal(8), dataset="toy%1of4")
    assert "must be an admin" not in outcome(trainer, Enqueue((part,)), BOB)
    assert outcome(trainer, Enqueue((proposal(8),)), ADA) == "applied"


def test_notes_of_ones_own_are_seen_by_nobody_else(trainer):
    assert outcome(trainer, Annotate(1, "mine", is_own=True), EVE) == "applied"
    assert outcome(trainer, Annotate(1, "ours"), BOB) == "applied"
    assert trainer.store.annotation(1, EVE.name).note == "mine"
    assert trainer.store.annotation(1, BOB.name).note == ""
    assert trainer.store.annotation(1).note == "ours"


def test_the_command_line_and_notebooks_may_do_everything(trainer):
    assert outcome(trainer, Resume(), LOCAL) == "applied"


@pytest.mark.parametrize("sender", [None, NOBODY])
def test_a_command_that_nobody_signed_is_refused_and_recorded(trainer, sender):
    receipt = trainer.apply(Resume(), sender)
    assert receipt.outcome is Outcome.REFUSED
    assert "is not signed" in receipt.message or "has no role here" in receipt.message


def test_a_forged_command_is_put_aside_and_recorded(trainer, caplog):
    name = trainer.inbox.send(ForgedCommand("Its signature is not valid."))
    trainer.tick()
    assert trainer.inbox.rejected[name] == "Its signature is not valid."
    receipt = trainer.store.apply_once(name, "any", 0.0, str)
    assert (receipt.kind, receipt.outcome) == ("forged", Outcome.REFUSED)
    assert f"command {name} rejected: Its signature is not valid." in caplog.text


def test_in_an_open_app_everybody_may_do_everything_and_owns_nothing():
    trainer = FakeTrainer()
    for sender in (None, NOBODY, LOCAL):
        assert outcome(trainer, Pause(), sender) == "applied"
    trainer.apply(Enqueue((proposal(3),)), LOCAL)
    assert trainer.store.trial(1).owner == ""


def limited(**limits):
    trainer = FakeTrainer(gate=Gate(ROLES, Limits(**limits)))
    trainer.apply(Pause(), LOCAL)
    trainer.apply(Enqueue((proposal(90),)), ADA)
    trainer.apply(Cancel(1), ADA)
    return trainer


def test_one_person_may_not_fill_the_queue():
    trainer = limited(waiting_each=2)
    assert outcome(trainer, Enqueue((proposal(3), proposal(4))), BOB) == "applied"
    assert outcome(trainer, Enqueue((proposal(5),)), BOB) == (
        f"At most 2 trainings of one person may wait, but 2 of {BOB.name} do, and this would add 1."
    )
    assert outcome(trainer, Enqueue((proposal(3), proposal(4))), BOB) == "applied"  # they are known: nothing is added
    assert outcome(trainer, Enqueue((proposal(5),)), BEA) == "applied"
    assert outcome(trainer, Enqueue((proposal(6), proposal(7), proposal(8))), LOCAL) == "applied"


def test_all_together_may_not_fill_the_queue():
    trainer = limited(waiting=2)
    assert outcome(trainer, Enqueue((proposal(3),)), BOB) == "applied"
    assert outcome(trainer, Enqueue((proposal(4), proposal(5))), BEA) == (
        "At most 2 trainings may wait, but 1 do, and this would add 2."
    )


def test_a_training_may_not_be_longer_than_the_limit():
    trainer = limited(epochs=5)
    assert outcome(trainer, Enqueue((proposal(3, epochs=6),)), BOB) == (
        "A training must have at most 5 epochs, but got 6."
    )


VISITOR, OTHER = Person("visitor-aaaaaaaa"), Person("visitor-bbbbbbbb")
OWN = f"trees of {VISITOR.name}@1f3a9c2e0b7d"


@pytest.fixture
def demo():
    """A demo with a data set of a visitor's own, and model 1 of it."""

    def describe_own(name):
        return replace(TOY, name=name)

    trainer = FakeTrainer(gate=Gate(Roles(builders=("*",))))
    trainer.worker._describe = describe_own
    assert outcome(trainer, Enqueue((replace(proposal(3), dataset=OWN),)), VISITOR) == "applied"
    trainer.tick(20)
    return trainer


@pytest.mark.parametrize(
    "command",
    [
        Cancel(1),
        Retry(1),
        Move(1, Place.TOP),
        ScoreSealed(1),
        Annotate(1, "mine"),
        Annotate(1, "mine", is_own=True),
        Enqueue((proposal(9, parent=1, origin=Origin.ABLATION),)),
    ],
)
def test_for_other_visitors_of_a_demo_a_model_of_ones_own_images_does_not_exist(demo, command):
    assert outcome(demo, command, OTHER) == outcome(demo, replace_model(command, 99), OTHER).replace("99", "1")


def replace_model(command, model):
    if not isinstance(command, Enqueue):
        return replace(command, trial=model)
    (one,) = command.proposals
    return Enqueue((replace(one, parent=model),))


@pytest.mark.parametrize(
    "command",
    [
        AddedDataset(OWN),
        RemoveDataset(OWN),
        RecomputeLayout(OWN, Relation.STRUCTURE),
        Enqueue((replace(proposal(9), dataset=OWN),)),
        Enqueue((replace(proposal(9), dataset=f"{OWN}%1of4"),)),
    ],
)
def test_for_other_visitors_of_a_demo_ones_own_images_do_not_exist(demo, command):
    assert outcome(demo, command, OTHER) == "There is no such data set."


def test_a_visitor_trains_and_removes_their_own_images(demo):
    assert outcome(demo, AddedDataset(OWN), VISITOR) == "applied"
    assert outcome(demo, Annotate(1, "mine"), VISITOR) == "applied"
    assert outcome(demo, RemoveDataset(OWN), VISITOR) == "applied"
    assert outcome(demo, RemoveDataset("toy"), VISITOR).startswith("To remove a data set one must be an admin")
    new = Enqueue((replace(proposal(9), dataset="leaves@1f3a9c2e0b7d"),))
    assert outcome(demo, new, VISITOR).startswith("To train on a new data set one must be an admin")
