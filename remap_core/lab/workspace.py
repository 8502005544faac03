"""A data set in a data folder, with the settings: all that designs, models and figures know of their lab."""

from __future__ import annotations

from collections.abc import Sequence

from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import load_dataset
from remap_core.errors import NoCatalogue, NotFound
from remap_core.formatting import model_name
from remap_core.settings import Settings
from remap_core.trials.commands import Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial


class Workspace:
    """What is recorded of a data set: always read from the newest snapshot, whoever writes.

    Answers are empty, and no errors, while nothing of the data set was trained in the folder.
    """

    def __init__(self, folder: DataFolder, settings: Settings, dataset: str) -> None:
        self.folder = folder
        self.settings = settings
        self.dataset = dataset
        self._catalogue: Catalogue | None = None
        self._population: tuple[int, Population] | None = None
        self._card: DatasetCard | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The newest snapshot; raises NoCatalogue before the first."""
        number = current_number(self.folder)
        if self._catalogue is None or number != self._catalogue.number:
            self._catalogue = open_snapshot(self.folder)
        return self._catalogue

    @property
    def card(self) -> DatasetCard:
        """The data set as the catalogue knows it, else loaded; raises DatasetError."""
        if self._card is None:
            catalogue = self.published()
            if catalogue is not None and self.dataset in catalogue.datasets():
                self._card = catalogue.dataset(self.dataset)
            else:
                self._card = load_dataset(self.dataset, self.folder.home).card()
        return self._card

    def population(self) -> Population | None:
        """The complete models as columns; None while the data set is not known."""
        catalogue = self.published()
        if catalogue is None or self.dataset not in catalogue.datasets():
            return None
        if self._population is None or self._population[0] != catalogue.number:
            self._population = (catalogue.number, catalogue.population(self.dataset))
        return self._population[1]

    def model_trial(self, number: int) -> Trial:
        """The trial that the app shows as the model of this number. Raises NotFound where there is none."""
        name = model_name(number)
        trials = self.trials([number])
        if not trials:
            raise NotFound(f"There is no {name} in {self.folder.home}.")
        (trial,) = trials
        dataset = trial.proposal.dataset
        if trial.model != number:
            return self.model_trial(trial.model)
        if dataset != self.dataset:
            raise NotFound(f"{name} is a model of {dataset}, but this lab is on {self.dataset}.")
        return trial

    def trials(self, numbers: Sequence[int]) -> list[Trial]:
        """The trials of these numbers, without those that do not exist."""
        catalogue = self.published()
        if catalogue is None:
            return []
        return catalogue.trials(numbers)

    def trainings(self, fingerprints: Sequence[str]) -> list[Trial]:
        """All trials of architectures, by their fingerprints, in whatever state, oldest first; then those on parts."""
        catalogue = self.published()
        if catalogue is None:
            return []
        on_parts = catalogue.part_trainings(self.dataset)
        found = [trial for trial in on_parts if trial.architecture.fingerprint in fingerprints]
        return [*catalogue.trainings_of(self.dataset, list(fingerprints)), *found]

    def queue(self) -> list[Trial]:
        """The trials that run, then those that wait."""
        catalogue = self.published()
        if catalogue is None:
            return []
        trials = catalogue.queue(finished=0)
        return [trial for trial in trials if trial.proposal.dataset == self.dataset]

    def best(self) -> Trial | None:
        """The most accurate model; None before the first."""
        catalogue = self.published()
        if catalogue is None:
            return None
        return catalogue.best(self.dataset)

    def receipt(self, command: str) -> Receipt | None:
        """The trainer's answer to a command; None while there is none."""
        catalogue = self.published()
        if catalogue is None:
            return None
        return catalogue.receipt(command)

    def is_paused(self) -> bool:
        """Whether the queue is paused: no further training starts."""
        catalogue = self.published()
        return catalogue is not None and catalogue.paused()

    def published(self) -> Catalogue | None:
        """The newest snapshot; None before the first."""
        try:
            return self.catalogue
        except NoCatalogue:
            return None
