import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trainings import proposal

from remap_core.access.person import NOBODY, Person
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import MAX_BYTES, MAX_COMMANDS, Inbox
from remap_core.datasets.recipe import AUGMENTATIONS
from remap_core.errors import FolderUnusable, ForgedCommand, UnreadableCommand
from remap_core.space.architecture import MAX_LAYERS, Architecture
from remap_core.space.edits import Replace
from remap_core.space.layers import InvertedResidual
from remap_core.space.variations import MAX_EDITS
from remap_core.trials.commands import MAX_PROPOSALS, Cancel, Enqueue, Move, Pause, Resume, Retry, command_to_json
from remap_core.trials.training_config import MAX_SEED, TrainingConfig
from remap_core.trials.training_recipe import THOROUGH
from remap_core.trials.trial import Origin, Place, Proposal

FULL_DISK = """
import resource, sys
from pathlib import Path
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.trials.commands import Pause
from remap_core.access.person import NOBODY
from remap_core.errors import FolderUnusable
inbox = Inbox(DataFolder(Path(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))  # no file may grow beyond 4 bytes
try:
    inbox.send(Pause(), 1.0, NOBODY)
except FolderUnusable as error:
    print(error)
"""


OTHER_USER = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from fakes import MemoryStore
from trainer_doubles import describe
from trainings import train_well
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.worker import Worker
os.seteuid(65534)
store = MemoryStore()
worker = Worker(store, Inbox(DataFolder(Path(sys.argv[1]))), InlineExecutor(train_well), describe)
for now in range(100, 110):
    worker.tick(float(now))
print(*(store.trial(number).state for number in (1, 2)))
print(worker.inbox_problem)
"""

RELU = {"kind": "activation", "function": "relu"}


def changed(part, **values):
    """An enqueue command whose one proposal has other values."""
    form = command_to_json(Enqueue((proposal(3),)))
    form["proposals"][0][part] |= values
    return form


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path)


@pytest.fixture
def inbox(folder):
    return Inbox(folder)


def dropped(folder, content, name="9.json"):
    (folder.inbox / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return Inbox(folder).pending()


def test_an_empty_inbox_has_no_commands(inbox):
    assert inbox.pending() == []


def test_commands_are_read_as_they_were_sent_and_in_that_order(inbox):
    commands = [Enqueue((proposal(3), proposal(4))), Cancel(7), Retry(7), Move(8, Place.TOP), Pause(), Resume()]
    ids = [inbox.send(command, 100.0, NOBODY) for command in commands]
    assert inbox.pending() == [(ident, command, NOBODY) for ident, command in zip(ids, commands, strict=True)]


def test_commands_are_ordered_by_their_time_first(inbox):
    later = inbox.send(Pause(), 1_700_000_000.000002, NOBODY)
    sooner = inbox.send(Resume(), 1_700_000_000.000001, NOBODY)
    assert [ident for ident, _, _ in inbox.pending()] == [sooner, later]


def test_commands_stay_in_order_when_the_clock_is_set_back(folder, inbox):
    ids = [inbox.send(Pause(), 1_700_003_600.0, NOBODY), Inbox(folder).send(Resume(), 1_700_000_000.0, NOBODY)]
    ids.append(inbox.send(Pause(), 1_700_003_601.0, NOBODY))
    assert [ident for ident, _, _ in inbox.pending()] == ids


def test_ids_are_unique_however_many_send_at_once(inbox):
    ids = []
    threads = [
        threading.Thread(target=lambda: ids.extend(inbox.send(Pause(), 100.0, NOBODY) for _ in range(25)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 100


def test_an_answered_command_is_discarded(inbox):
    first, second = inbox.send(Pause(), 1.0, NOBODY), inbox.send(Resume(), 2.0, NOBODY)
    inbox.discard(first)
    assert inbox.pending() == [(second, Resume(), NOBODY)]
    inbox.discard(first)  # a second time, after a crash between the two


def test_the_oldest_commands_are_read_first_up_to_a_limit(folder, inbox):
    for number in range(MAX_COMMANDS + 5):
        (folder.inbox / f"{number:04}.json").write_text(json.dumps(command_to_json(Cancel(number))))
    assert [command for _, command, _ in inbox.pending()] == [Cancel(number) for number in range(MAX_COMMANDS)]
    assert [command for _, command, _ in inbox.pending(limit=2)] == [Cancel(0), Cancel(1)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be read as JSON"),
        (b'{"version": 1, "kind": "pau', "cannot be read as JSON"),
        (b"\xff\xfe\x00", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b'{"version": 1, "kind": "cancel", "trial": 1e999}', "The cancel command cannot be read"),
        (b'{"version": 1, "kind": "cancel", "trial": ' + b"9" * 5000 + b"}", "cannot be read as JSON"),
        ([], "A command must be an object, but got list"),
        ({"version": 2, "kind": "pause"}, "A command must have version 1, but got 2"),
        ({"version": 1, "kind": "dance"}, "but got 'dance'"),
        ({"version": 1, "kind": "cancel"}, "The cancel command cannot be read"),
        ({"version": 1, "kind": "cancel", "trial": None}, "The cancel command cannot be read"),
        (command_to_json(Enqueue((proposal(3, batch="\ud800"),))), "cannot be read as JSON"),
        (changed("architecture", layers=[RELU] * 10_000), "An architecture has at most 60 layers, but got 10,000."),
        (changed("config", epochs=10**9), "epochs must be at most 10,000, but got 1,000,000,000."),
        (changed("config", batch_size=10**9), "batch_size must be at most 65,536, but got 1,000,000,000."),
        (changed("config", seed=10**10), "seed must be at most 2,147,483,647, but got 10,000,000,000."),
    ],
)
def test_an_unreadable_command_comes_with_the_reason(folder, content, reason):
    ((ident, command, _),) = dropped(folder, content)
    assert ident == "9"
    assert isinstance(command, UnreadableCommand)
    assert reason in str(command)
    assert "\n" not in str(command)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda values: st.lists(values) | st.dictionaries(st.sampled_from(["version", "kind", "trial"]), values),
    )
)
def test_no_json_breaks_the_inbox(folder, form):
    ((_, command, _),) = dropped(folder, form)
    assert isinstance(command, UnreadableCommand)


def test_a_rejected_command_is_moved_and_its_reason_is_written_next_to_it(folder, inbox):
    dropped(folder, b"{")
    assert inbox.rejection("9") is None
    inbox.reject("9", "It cannot be read.")
    assert inbox.rejection("9") == "It cannot be read."
    assert inbox.pending() == []
    assert (folder.rejected_commands / "9.json").read_bytes() == b"{"
    assert (folder.rejected_commands / "9.reason.txt").read_text() == "It cannot be read.\n"


def test_foreign_files_are_left_alone(folder, inbox):
    (folder.unfinished_commands / "1.json.ab12.tmp").write_text("half a comm")
    (folder.inbox / "README.txt").write_text("a note")
    (folder.inbox / ".hidden.json").write_text("{}")
    (folder.inbox / os.fsdecode(b"\xff.json")).write_text("{}")
    (folder.inbox / "käse.json").write_text("{}")
    before = sorted(folder.inbox.rglob("*"))
    assert inbox.pending() == []
    assert sorted(folder.inbox.rglob("*")) == before


def test_a_command_appears_in_the_inbox_in_one_step(folder, inbox):
    folder.unfinished_commands.rmdir()
    with pytest.raises(FolderUnusable, match=f"The data folder {folder.home} cannot be used: No such file"):
        inbox.send(Pause(), 1.0, NOBODY)
    assert inbox.pending() == []


def test_a_full_disk_refuses_the_command_and_leaves_no_file(folder, inbox):
    said = subprocess.check_output([sys.executable, "-c", FULL_DISK, str(folder.home)], text=True)
    assert said == f"The data folder {folder.home} cannot be used: File too large.\n"
    assert inbox.pending() == []
    assert list(folder.unfinished_commands.iterdir()) == []


def test_a_deleted_inbox_is_reported_in_words(folder, inbox):
    for path in (folder.unfinished_commands, folder.rejected_commands, folder.inbox):
        Path(path).rmdir()
    with pytest.raises(FolderUnusable, match="No such file or directory"):
        inbox.pending()


ADA, BOB = Person("ada@example.org", ("ml",)), Person("bob@example.org")


def test_a_command_says_who_signed_it_and_one_without_a_signature_says_nobody(folder, inbox):
    inbox.send(Pause(), 1.0, ADA)
    assert dropped(folder, command_to_json(Resume())) == [
        (inbox.pending()[0].ident, Pause(), ADA),
        ("9", Resume(), None),
    ]


@pytest.mark.parametrize(
    "forge",
    [
        lambda form: form | {"kind": "resume"},
        lambda form: form | {"sender": form["sender"] | {"name": "bob@example.org"}},
        lambda form: form | {"sender": form["sender"] | {"groups": ["admins"]}},
        lambda form: form | {"sender": form["sender"] | {"local": True}},
        lambda form: form | {"signature": "0" * 64},
        lambda form: form | {"signature": None},
        lambda form: {name: value for name, value in form.items() if name != "signature"},
        lambda form: {name: value for name, value in form.items() if name != "sender"},
    ],
)
def test_a_command_that_was_changed_after_it_was_signed_is_forged(folder, inbox, forge):
    path = folder.inbox / f"{inbox.send(Pause(), 1.0, ADA)}.json"
    path.write_text(json.dumps(forge(json.loads(path.read_text()))))
    ((_, error, sender),) = inbox.pending()
    assert isinstance(error, ForgedCommand)
    assert sender is None


def test_a_signed_command_under_another_name_is_forged(folder, inbox):
    path = folder.inbox / f"{inbox.send(Pause(), 1.0, ADA)}.json"
    path.rename(folder.inbox / "again.json")
    ((_, error, _),) = inbox.pending()
    assert isinstance(error, ForgedCommand)


def test_a_command_signed_in_another_data_folder_is_forged(folder, inbox, tmp_path_factory):
    other = DataFolder(tmp_path_factory.mktemp("other"))
    name = f"{Inbox(other).send(Pause(), 1.0, ADA)}.json"
    (other.inbox / name).rename(folder.inbox / name)
    ((_, error, _),) = inbox.pending()
    assert isinstance(error, ForgedCommand)


def test_the_key_is_for_its_owner_alone_and_one_of_a_wrong_size_is_named(folder, inbox):
    inbox.send(Pause(), 1.0, ADA)
    assert folder.signing_key.stat().st_mode & 0o777 == 0o600
    folder.signing_key.write_bytes(b"short")
    with pytest.raises(FolderUnusable, match=r"signing\.key must hold 32 bytes, but has 5"):
        inbox.send(Pause(), 2.0, ADA)


def test_of_thousands_of_commands_each_sender_has_its_turn(inbox):
    for second in range(200):
        inbox.send(Pause(), 1.0 + second, ADA)
    late = inbox.send(Resume(), 1_000.0, BOB)
    found = inbox.pending()
    assert len(found) == MAX_COMMANDS
    assert found[-1].ident == late
    assert [command.ident for command in found] == sorted(command.ident for command in found)


@pytest.mark.parametrize("kind", ["folder", "link", "circle", "pipe", "socket"])
def test_what_is_no_file_is_put_aside_with_the_reason_and_the_others_are_read(folder, inbox, kind):
    path = folder.inbox / "0.json"
    match kind:
        case "folder":
            path.mkdir()
            (path / "something.txt").write_text("mine")
        case "link":
            (folder.inbox / "README.txt").write_text(json.dumps(command_to_json(Pause())))
            path.symlink_to(folder.inbox / "README.txt")
        case "circle":
            path.symlink_to(path)
        case "pipe":
            os.mkfifo(path)
        case "socket":
            os.mknod(path, stat.S_IFSOCK | 0o600)
    ident = inbox.send(Resume(), 1_700_000_000.0, NOBODY)
    (aside, error, _), (other, _, _) = inbox.pending()
    assert (aside, other) == ("0", ident)
    assert str(error) == "0.json is not a file: a command is never a folder, a link or a pipe."
    inbox.reject("0", str(error))
    assert inbox.pending() == [(ident, Resume(), NOBODY)]
    assert inbox.rejection("0") == str(error)
    assert os.path.lexists(folder.rejected_commands / "0.json")


def test_a_command_file_larger_than_16_mb_is_put_aside_unread(folder, inbox):
    with (folder.inbox / "1.json").open("wb") as file:
        file.truncate(10**13)  # more than fits into memory
    ((_, error, _),) = inbox.pending()
    assert str(error) == "A command must have at most 16,000,000 bytes, but 1.json has 10,000,000,000,000."
    inbox.reject("1", str(error))
    assert inbox.pending() == []


def test_the_largest_command_that_is_ever_sent_is_read(folder, inbox):
    layer = InvertedResidual(123_456, kernel_size=15, expand=12, squeeze_excite=True)
    deep = Architecture((3, 224, 224), 4_096, (layer,) * MAX_LAYERS)
    edits = tuple(Replace(index, layer) for index in range(MAX_EDITS))
    config = TrainingConfig(10_000, 65_536, THOROUGH.with_augmentation(AUGMENTATIONS), MAX_SEED, start=10**9)
    child = Proposal(deep, "t" * 60 + "@1f3a9c2e0b7d", config, Origin.VARIATION, 10**9, edits, "b" * 100, "s" * 40)
    ident = inbox.send(Enqueue((child,) * MAX_PROPOSALS), 1.0, NOBODY)
    assert (folder.inbox / f"{ident}.json").stat().st_size < MAX_BYTES
    ((_, command, _),) = inbox.pending()
    assert len(command.proposals) == 1_000


def test_a_command_that_cannot_be_deleted_is_answered_once_and_said_until_it_is_gone(folder, inbox, monkeypatch):
    stuck, other = inbox.send(Pause(), 1.0, NOBODY), inbox.send(Resume(), 2.0, NOBODY)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", denied)
        patched.setattr(Path, "replace", denied)
        inbox.discard(stuck)
    assert inbox.pending() == [(other, Resume(), NOBODY)]
    assert inbox.problem == (
        f"The command {folder.inbox / stuck}.json was answered, but cannot be deleted: Permission denied; "
        "the inbox must belong to the trainer's user."
    )
    (folder.inbox / f"{stuck}.json").unlink()
    inbox.pending()
    assert inbox.problem == ""


def denied(*_, **__):
    raise PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_a_trainer_of_another_user_than_the_app_goes_on_past_commands_that_it_may_not_delete():
    with tempfile.TemporaryDirectory() as home:
        folder = DataFolder(Path(home))
        for path in (Path(home), folder.inbox, folder.rejected_commands, folder.unfinished_commands):
            path.chmod(0o755)
        (folder.inbox / "0.json").write_text("{")
        (folder.inbox / "1.json").write_text(json.dumps(command_to_json(Enqueue((proposal(3), proposal(4))))))
        command = [sys.executable, "-c", OTHER_USER, home, str(Path(__file__).parents[1])]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        assert said.stderr.startswith("command 0 rejected: 0.json cannot be read as JSON")
        assert "Traceback" not in said.stderr
        assert said.stdout == (
            "complete complete\n"
            f"The command {folder.inbox}/1.json was answered, but cannot be deleted: Permission denied; "
            "the inbox must belong to the trainer's user.\n"
        )
