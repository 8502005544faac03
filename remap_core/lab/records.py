"""What is known of a data set in a data folder: always read from the newest snapshot, whoever writes."""

from __future__ import annotations

from collections.abc import Sequence

from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import load_dataset
from remap_core.errors import NoCatalogue
from remap_core.trials.commands import Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial


class Records:
    """Answers are empty, and no errors, while nothing of the data set was trained in the folder."""

    def __init__(self, folder: DataFolder, dataset: str) -> None:
        self.folder = folder
        self.dataset = dataset
        self._catalogue: Catalogue | None = None
        self._population: tuple[int, Population] | None = None
        self._card: DatasetCard | None = None

    def newest(self) -> Catalogue:
        """The newest snapshot; raises NoCatalogue before the first."""
        number = current_number(self.folder)
        if self._catalogue is None or number != self._catalogue.number:
            self._catalogue = open_snapshot(self.folder)
        return self._catalogue

    def catalogue(self) -> Catalogue | None:
        """The newest snapshot; None before the first."""
        try:
            return self.newest()
        except NoCatalogue:
            return None

    def population(self) -> Population | None:
        """The complete models as columns; None while the data set is not known."""
        catalogue = self.catalogue()
        if catalogue is None or self.dataset not in catalogue.datasets():
            return None
        if self._population is None or self._population[0] != catalogue.number:
            self._population = (catalogue.number, catalogue.population(self.dataset))
        return self._population[1]

    def card(self) -> DatasetCard:
        """The data set as the catalogue knows it, else loaded; raises DatasetError."""
        if self._card is None:
            catalogue = self.catalogue()
            if catalogue is not None and self.dataset in catalogue.datasets():
                self._card = catalogue.dataset(self.dataset)
            else:
                self._card = load_dataset(self.dataset, self.folder.home).card()
        return self._card

    def trials(self, numbers: Sequence[int]) -> list[Trial]:
        """The trials of these numbers, without those that do not exist."""
        catalogue = self.catalogue()
        if catalogue is None:
            return []
        return catalogue.trials(numbers)

    def trainings(self, fingerprints: Sequence[str]) -> list[Trial]:
        """All trials of architectures, by their fingerprints, in whatever state, oldest first."""
        catalogue = self.catalogue()
        if catalogue is None:
            return []
        return catalogue.trainings_of(self.dataset, list(fingerprints))

    def queue(self) -> list[Trial]:
        """The trials that run, then those that wait."""
        catalogue = self.catalogue()
        if catalogue is None:
            return []
        trials = catalogue.queue(finished=0)
        return [trial for trial in trials if trial.proposal.dataset == self.dataset]

    def best(self) -> Trial | None:
        """The most accurate model; None before the first."""
        catalogue = self.catalogue()
        if catalogue is None:
            return None
        return catalogue.best(self.dataset)

    def receipt(self, command: str) -> Receipt | None:
        """The trainer's answer to a command; None while there is none."""
        catalogue = self.catalogue()
        if catalogue is None:
            return None
        return catalogue.receipt(command)

    def is_paused(self) -> bool:
        """Whether the queue is paused: no further training starts."""
        catalogue = self.catalogue()
        return catalogue is not None and catalogue.paused()
