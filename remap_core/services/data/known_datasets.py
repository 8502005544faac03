"""The data sets of a data folder: those that were added, and those with models; what goes with one that is removed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from remap_core.access.person import Person
from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.kept import Kept, kept_datasets, remove_kept
from remap_core.datasets.naming import NAMES, split_name
from remap_core.errors import NotFound
from remap_core.formatting import count, dataset_title, listed, pluralize
from remap_core.services.data.uploads import remove_upload, upload_megabytes
from remap_core.services.pace import pace_in
from remap_core.services.proposals import plan_of, propose_initial
from remap_core.services.sampling import SamplingPlan
from remap_core.settings import Settings
from remap_core.trials.commands import Enqueue, RemoveDataset
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import TrialState

MAX_BATCH_TITLE = 60
"""Letters of a data set's title in the name of its first batch."""


@dataclass(frozen=True)
class KnownDataset:
    """A data set of a data folder. kept: its prepared images, if it was added. is_trained: the trainer knows it."""

    name: str
    kept: Kept | None
    is_trained: bool

    @property
    def title(self) -> str:
        """The name for people."""
        return dataset_title(self.name)


@dataclass(frozen=True)
class Removal:
    """What goes with a data set: megabytes of prepared images and of their upload, and numbers of trials.

    on_parts: those on parts of its training images.
    """

    megabytes: float
    uploaded: float
    models: int
    unfinished: int
    others: int
    notes: int
    on_parts: int = 0

    @property
    def sentences(self) -> list[str]:
        """What is deleted, for people, one line each."""
        lines = []
        if self.megabytes:
            lines.append(f"{self.megabytes:,.1f} MB of prepared images")
        if self.uploaded:
            lines.append(f"{self.uploaded:,.1f} MB of uploaded files")
        if self.models:
            lines.append(f"{pluralize(self.models, 'model')} with weights and results")
        if self.unfinished:
            lines.append(f"{pluralize(self.unfinished, 'training')} waiting or running")
        if self.others:
            lines.append(f"{pluralize(self.others, 'training')} failed, cancelled or pruned")
        if self.on_parts:
            lines.append(f"{pluralize(self.on_parts, 'training')} on parts of the images")
        if self.notes:
            lines.append(f"the notes and tags of {pluralize(self.notes, 'model')}")
        return lines


def known_datasets(catalogue: Catalogue | None, home: Path) -> list[KnownDataset]:
    """Those with models in the order of their registration, then those that were only added."""
    kept = {found.name: found for found in kept_datasets(home)}
    trained = catalogue.datasets() if catalogue else []
    known = [KnownDataset(name, kept.get(name), is_trained=True) for name in trained]
    added = [KnownDataset(name, found, is_trained=False) for name, found in kept.items() if name not in trained]
    return known + added


def removal_of(known: KnownDataset, catalogue: Catalogue | None, folder: DataFolder) -> Removal:
    """What goes with a data set that is removed."""
    megabytes = uploaded = 0.0
    if known.kept:
        megabytes = known.kept.bytes / 1e6
        uploaded = sum(upload_megabytes(folder, source) for source in _sources_of_no_other(known.kept, folder))
    if catalogue is None:
        return Removal(megabytes, uploaded, models=0, unfinished=0, others=0, notes=0)
    states = catalogue.states_of(known.name)
    models = states[TrialState.COMPLETE]
    unfinished = states[TrialState.WAITING] + states[TrialState.RUNNING]
    others = sum(states.values()) - models - unfinished
    on_parts = len(catalogue.part_trainings(known.name))
    return Removal(megabytes, uploaded, models, unfinished, others, catalogue.noted(known.name), on_parts)


def remove_dataset(known: KnownDataset, folder: DataFolder, now: float, sender: Person) -> str | None:
    """Remove a data set, as `sender` asks: the trainer forgets its models, and its prepared images are deleted.

    Returns the id of the command to the trainer; None where the trainer never knew it. Raises FolderUnusable and
    DatasetError.
    """
    command = None
    if known.is_trained:
        command = Inbox(folder).send(RemoveDataset(known.name), now, sender)
    if known.kept:
        for source in _sources_of_no_other(known.kept, folder):
            remove_upload(folder, source)
        remove_kept(known.kept)
    return command


def _sources_of_no_other(kept: Kept, folder: DataFolder) -> list[Path]:
    """The files of a data set, unless another one, such as one with corrected labels, was made of them, too."""
    source = kept.recipe.source
    if any(other.recipe.source == source and other.name != kept.name for other in kept_datasets(folder.home)):
        return []
    return [Path(source)]


def find_dataset(name: str, catalogue: Catalogue | None, home: Path) -> str:
    """The full name of a data set by its name or its title; raises NotFound."""
    known = known_datasets(catalogue, home)
    for found in known:
        if name in (found.name, found.title):
            return found.name
    if split_name(name).source in NAMES:
        return name
    raise NotFound(f"There is no data set {name!r:.60}: {listed([found.title for found in known]) or 'none is known'}.")


def first_population(
    settings: Settings, card: DatasetCard, catalogue: Catalogue | None, plan: SamplingPlan | None = None
) -> Enqueue:
    """The command that trains the first models of a data set.

    plan: what they are sampled from; by default what the settings say. Raises InvalidSpace and SpaceExhausted.
    """
    plan = plan or plan_of(settings, card, pace=pace_in(catalogue))
    known: Sequence[str] = ()
    if catalogue and card.name in catalogue.datasets():
        known = list(catalogue.fingerprints(card.name))
    proposals = propose_initial(settings, card, settings.population, settings.seed, known, plan=plan)
    batch = f"initial models of {dataset_title(card.name):.{MAX_BATCH_TITLE}}, {_moment(time.time())}"
    return Enqueue(tuple(replace(proposal, batch=batch) for proposal in proposals), plan.caps)


def card_of(name: str, home: Path) -> DatasetCard:
    """The card of a data set that the trainer does not know yet; raises DatasetError."""
    return load_dataset(name, home).card()


def size_text(shape: Sequence[int]) -> str:
    """(channels, height, width) for people.

    >>> size_text((3, 32, 32)), size_text((1, 28, 28))
    ('32 x 32, colour', '28 x 28, grey')
    """
    channels, height, width = shape
    colour = "grey" if channels == 1 else "colour"
    return f"{height} x {width}, {colour}"


def split_text(split: Sequence[int]) -> str:
    """Images to train, to validate and to test, for people.

    >>> split_text((1257, 270, 270))
    '1,257 train · 270 validation · 270 test'
    """
    train, validation, test = split
    return f"{count(train)} train · {count(validation)} validation · {count(test)} test"


def _moment(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%d %b %H:%M:%S} UTC"
