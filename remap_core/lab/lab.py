"""A lab: the models of a data set in a data folder, to read, to train and to compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from remap_core import datasets
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import NAMES, canonical_name, load_dataset
from remap_core.errors import DatasetError, InvalidArgument, NoCatalogue, NotFound
from remap_core.formatting import model_name, pluralize
from remap_core.lab import training_run
from remap_core.lab.arguments import require_count, require_flag, shown, suggestion
from remap_core.lab.models.model import Model
from remap_core.lab.models.model_comparison import Comparison
from remap_core.lab.models.model_table import Models
from remap_core.lab.plots import LabPlots
from remap_core.settings import Settings, read_settings
from remap_core.trials.commands import Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.population import Population, pareto_front
from remap_core.trials.trial import Trial

MAX_EPOCHS = 10_000
MAX_ID = 2**63 - 1


class Lab:
    """The models of one data set in a data folder; `remap.open` gives one. Reads while a trainer writes.

    folder: where everything is. settings: as of the app, see `remap config`. dataset: its name in the catalogue.

    >>> lab.dataset
    'digits#200'
    """

    def __init__(self, folder: DataFolder, settings: Settings, dataset: str) -> None:
        self.folder = folder
        self.settings = settings
        self.dataset = dataset
        self._snapshot: Catalogue | None = None
        self._population: tuple[int, Population] | None = None
        self._card: DatasetCard | None = None

    @property
    def models(self) -> Models:
        """The complete models, by their numbers.

        >>> lab.models[0].id
        1
        """
        population = self.population
        numbers = [] if population is None else sorted(population.id.tolist())
        return self.table(self.trials(numbers))

    @property
    def front(self) -> Models:
        """The Pareto front, from the smallest model to the most accurate: no other is smaller and more accurate."""
        population = self.population
        if population is None:
            return self.table([])
        rows = pareto_front(population.parameters, population.accuracy)
        return self.table(self.trials(population.id[rows].tolist()))

    @property
    def queue(self) -> Models:
        """The models that are being trained, then those that wait, in the order of the queue."""
        catalogue = self._newest()
        trials = catalogue.queue(finished=0) if catalogue else []
        return self.table([trial for trial in trials if trial.proposal.dataset == self.dataset])

    @property
    def plot(self) -> LabPlots:
        """Figures of the models: overview and curves."""
        return LabPlots(self)

    def model(self, id: int) -> Model:
        """Read a model by its number, as the app shows it. Raises NotFound where there is none.

        >>> lab.model(1)._repr_html_().startswith("<div")
        True
        """
        require_count("id", id, 1, MAX_ID)
        found = self.trials([id])
        if not found:
            raise NotFound(f"There is no {model_name(id)} in {self.folder.home}.")
        if found[0].model != id:
            return self.model(found[0].model)
        if found[0].proposal.dataset != self.dataset:
            raise NotFound(
                f"{model_name(id)} is a model of {found[0].proposal.dataset}, but this lab is on {self.dataset}."
            )
        return self.table(found)[0]

    def train(self, asked: object, *, epochs: int | None = None, progress: bool = True) -> Models:
        """Train what is asked for, and return the models; what was trained already is returned as it is.

        asked: designs, models, repeats of models, or lists of these. A child is trained exactly as its parent was,
        other designs by the settings. epochs: for all of them, instead. progress: show a progress bar.

        Where a trainer is running in the data folder it does the work; else this process does, and trains everything
        that waits in the queue. Interrupt it whenever you like: what was recorded stays, and training continues from
        the last epoch next time. A model that fails is named in a RemapWarning.

        Raises InvalidArgument for what cannot be trained, InvalidArchitecture for a design that does not fit together,
        CommandRefused with the trainer's reason, FolderInUse where another process holds the data folder.

        >>> design = remap.architecture("MaxPool 2, Dense 8, ReLU", dataset=lab)
        >>> models = lab.train(design, epochs=1, progress=False)
        >>> models[0].text, models[0].state
        ('MaxPool 2, Dense 8, ReLU', 'complete')
        """
        if epochs is not None:
            require_count("epochs", epochs, 1, MAX_EPOCHS)
        require_flag("progress", progress)
        return training_run.train(self, asked, epochs, progress)

    def compare(self, first: Model, second: Model) -> Comparison:
        """Compare two models; see `Model.compare`."""
        if not isinstance(first, Model):
            raise InvalidArgument(f"A model is compared with a model, but got {shown(first)}.")
        self.require_own(first)
        return first.compare(second)

    @property
    def card(self) -> DatasetCard:
        """What is known of the data set: input_shape, class_names, split, some examples. Raises DatasetError."""
        if self._card is None:
            catalogue = self._newest()
            known = catalogue is not None and self.dataset in catalogue.datasets()
            if catalogue is not None and known:
                self._card = catalogue.dataset(self.dataset)
            else:
                self._card = load_dataset(self.dataset, self.folder.home).card()
        return self._card

    @property
    def catalogue(self) -> Catalogue:
        """The newest snapshot, for other questions. Raises NoCatalogue while nothing was trained here."""
        number = current_number(self.folder)
        if self._snapshot is None or number != self._snapshot.number:
            self._snapshot = open_snapshot(self.folder)
        return self._snapshot

    @property
    def population(self) -> Population | None:
        """The complete models as columns; None while nothing of the data set was trained."""
        catalogue = self._newest()
        if catalogue is None or self.dataset not in catalogue.datasets():
            return None
        if self._population is None or self._population[0] != catalogue.number:
            self._population = (catalogue.number, catalogue.population(self.dataset))
        return self._population[1]

    def table(self, trials: Iterable[Trial]) -> Models:
        """The models of trials."""
        return Models(self, trials)

    def trials(self, numbers: Sequence[int]) -> list[Trial]:
        """The trials of these numbers, without those that do not exist."""
        catalogue = self._newest()
        return catalogue.trials(numbers) if catalogue else []

    def trainings(self, fingerprints: Sequence[str]) -> list[Trial]:
        """All trials of architectures, by their fingerprints, in whatever state, oldest first."""
        catalogue = self._newest()
        return catalogue.trainings_of(self.dataset, list(fingerprints)) if catalogue else []

    @property
    def is_paused(self) -> bool:
        """Whether the queue is paused: no further training starts."""
        catalogue = self._newest()
        return catalogue is not None and catalogue.paused()

    def receipt(self, command: str) -> Receipt | None:
        """The trainer's answer to a command; None while there is none."""
        catalogue = self._newest()
        return catalogue.receipt(command) if catalogue else None

    def require_own(self, model: Model) -> None:
        """Raise InvalidArgument for a model of another lab."""
        if (model.lab.folder, model.lab.dataset) != (self.folder, self.dataset):
            other = f"{model.lab.dataset} in {model.lab.folder.home}"
            raise InvalidArgument(f"{model_name(model.id)} is of another lab: {other}.")

    def _newest(self) -> Catalogue | None:
        try:
            return self.catalogue
        except NoCatalogue:
            return None

    def __repr__(self) -> str:
        catalogue = self._newest()
        best = catalogue.best(self.dataset) if catalogue else None
        models = pluralize(0 if self.population is None else len(self.population), "model")
        about = f"Lab in {self.folder.home.name}: {models} of {self.dataset}"
        waiting = len(self.queue)
        if best:
            about += f", best {best.accuracy_text()} ({model_name(best.id)})"
        if waiting:
            about += f", {waiting} in the queue"
        return about


def open(folder: str | Path, dataset: str | Path | None = None, **settings: object) -> Lab:
    """Open a data folder: the app's, or a new one that is created for a data set.

    dataset: a name (see `remap.datasets.names`) or a path; may be left out where the folder has models of one data set
    alone. settings: any setting by its name, such as epochs=5, max_parameters=60_000 or device="cpu"; the others are
    those of the environment (REMAP_*) and of remap.toml.

    Raises DatasetError for a data set that is not known, SettingsError or InvalidArgument for settings, FolderUnusable
    where the folder cannot be created, NotFound where no data set is named and the folder does not tell.

    >>> import tempfile
    >>> remap.open(tempfile.mkdtemp(), dataset="digits", epochs=5).models
    No models
    """
    if not isinstance(folder, str | Path) or not str(folder).strip():
        raise InvalidArgument(f"folder must be a path, but got {shown(folder)}.")
    for name in settings:
        _require_setting(name)
    if dataset is None:
        return _opened(folder, _only_dataset(Path(folder).expanduser()), settings)
    return _opened(folder, canonical_name(datasets.checked_name(dataset)), settings)


def _opened(folder: str | Path, dataset: str, settings: dict[str, Any]) -> Lab:
    values, _ = read_settings(home=str(folder), dataset=dataset, **settings)
    lab = Lab(DataFolder(values.home), values, dataset)
    if lab.population is None:
        _require_images(dataset)
    return lab


def _only_dataset(folder: Path) -> str:
    start = f"name a data set, such as dataset={NAMES[0]!r}"
    if not (folder / "snapshots").is_dir():
        raise NotFound(f"{folder} is not a data folder: {start} to make it one.")
    try:
        names = open_snapshot(DataFolder(folder)).datasets()
    except NoCatalogue:
        names = []
    if not names:
        raise NotFound(f"{folder} has no models yet: {start}.")
    if len(names) > 1:
        raise InvalidArgument(f"{folder} has models of {', '.join(names)}: name one of them with dataset=.")
    return names[0]


def _require_images(dataset: str) -> None:
    source = dataset.partition("#")[0]
    if source not in NAMES and not Path(source).exists():
        raise DatasetError(f"There is no data set {source}: no such file or folder.")


def _require_setting(name: str) -> None:
    if name in ("home", "dataset"):
        raise InvalidArgument(f"{name} is what the first two arguments of open name.")
    if name not in Settings.model_fields:
        nearest = suggestion(name, Settings.model_fields)
        hint = f": did you mean {nearest}?" if nearest else "."
        raise InvalidArgument(f"There is no setting {name}{hint}")
