"""A lab: the models of a data set in a data folder, to read, to train and to compare."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import names_by_part, rows_by_part
from remap_core.datasets.kept import Kept
from remap_core.datasets.naming import NAMES
from remap_core.datasets.preparation.corrected import keep_corrected
from remap_core.datasets.preparation.resolving import resolve
from remap_core.errors import InvalidArgument, NoCatalogue, NotFound
from remap_core.formatting import model_name, pluralize
from remap_core.lab import training_run
from remap_core.lab.arguments import checked_corrections, require_count, require_flag, shown, suggestion
from remap_core.lab.designs.suggested_designs import SuggestedDesigns, suggested_designs
from remap_core.lab.lab_plots import LabPlots
from remap_core.lab.models.model import Model, Models
from remap_core.lab.models.model_comparison import Comparison
from remap_core.lab.models.retrainings import HeldOut
from remap_core.lab.workspace import Workspace
from remap_core.services.best_of_many import best_of_many
from remap_core.services.data.data_issues import data_issues
from remap_core.services.data.held_out import PARTS, held_out_trainings, training_issues
from remap_core.setting_sources import read_settings
from remap_core.settings import Settings
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.population import Population
from remap_core.trials.training_config import MAX_EPOCHS
from remap_core.trials.trial import Trial
from remap_core.views.view import View

MAX_ID = 2**63 - 1


class Lab:
    """The models of one data set in a data folder; `remap.open` gives one. Reads while a trainer writes.

    folder: where everything is. settings: as of the app, see `remap config`. dataset: its name in the catalogue.

    >>> lab.dataset
    'digits#200'
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folder = workspace.folder
        self.settings = workspace.settings
        self.dataset = workspace.dataset

    @property
    def models(self) -> Models:
        """The complete models, by their numbers.

        >>> lab.models[0].id
        1
        """
        population = self.workspace.population()
        if population is None:
            return self._models([])
        return self._models(sorted(population.id.tolist()))

    @property
    def front(self) -> Models:
        """The Pareto front, from the smallest model to the most accurate: no other is smaller and more accurate."""
        population = self.workspace.population()
        if population is None:
            return self._models([])
        rows = population.front()
        return self._models(population.id[rows].tolist())

    @property
    def queue(self) -> Models:
        """The models that are being trained, then those that wait, in the order of the queue."""
        return self._table(self.workspace.queue())

    @property
    def plot(self) -> LabPlots:
        """Figures of the models: overview and curves."""
        return LabPlots(self.workspace)

    def model(self, id: int) -> Model:
        """Read a model by its number, as the app shows it. Raises NotFound where there is none.

        >>> lab.model(1)._repr_html_().startswith("<div")
        True
        """
        require_count("id", id, 1, MAX_ID)
        return self._table([self.workspace.model_trial(id)])[0]

    def train(
        self, asked: object, *, epochs: int | None = None, inherit: bool = False, progress: bool = True
    ) -> Models:
        """Train what is asked for, and return the models; what was trained already is returned as it is.

        asked: designs, suggestions, models, repeats of models, or lists of these. A child is trained exactly as its
        parent was, other designs by the settings. epochs: for all of them, instead. inherit: children start from their
        parent's weights, for a third of the epochs unless `epochs` says how many; such models are not compared with
        others and are not on the front. progress: show a progress bar.

        Where a trainer is running in the data folder it does the work; else this process does, and trains everything
        that waits in the queue. Interrupt it whenever you like: what was recorded stays, and training continues from
        the last epoch next time. A model that fails is named in a RemapWarning.

        Raises InvalidArgument for what cannot be trained, InvalidArchitecture for a design that does not fit together,
        InvalidTrial for weights of a parent that is not complete, CommandRefused with the trainer's reason, FolderInUse
        where another process holds the data folder.

        >>> design = remap.architecture("MaxPool 2, Dense 8, ReLU", dataset=lab)
        >>> models = lab.train(design, epochs=1, progress=False)
        >>> models[0].text, models[0].state
        ('MaxPool 2, Dense 8, ReLU', 'complete')
        """
        if epochs is not None:
            require_count("epochs", epochs, 1, MAX_EPOCHS)
        require_flag("inherit", inherit)
        require_flag("progress", progress)
        return training_run.train(self.workspace, asked, epochs, inherit=inherit, progress=progress)

    def suggest(
        self,
        n: int = 5,
        *,
        max_parameters: int | None = None,
        target: str | None = None,
        explore: float = 0.5,
        step: int = 1,
    ) -> SuggestedDesigns:
        """Suggest n models to train next, the best first, for `lab.train`.

        They are edits of the models near the Pareto front, merges of linear layers, and new samples: those that are
        expected to move the front the most. With fewer than 5 models, or where predictions are no better than guessing,
        they are as varied as can be, and say so. Models that are trained from here are marked as suggested.

        max_parameters: cap on each. target: device that each must fit, such as "esp32-s3". explore: 0 takes predictions
        for granted, 1 counts their uncertainty double. step: edits that one may be away from its parent, 1 to 5. Raises
        SpaceExhausted with the cap that binds where nothing new is left, InvalidArgument for anything else.

        >>> suggested = lab.suggest(3, max_parameters=5_000)
        >>> suggested
        3 suggestions
        >>> max(one.parameters for one in suggested) <= 5_000
        True
        """
        return suggested_designs(self.workspace, n, max_parameters, target, explore=explore, step=step)

    def data_issues(self, *, training: bool = False) -> dict[str, Any]:
        """Ask the better half of the complete models what they say about the validation images; nothing is trained.

        training: about the training images, by the 5 best models, each trained again without the images that it judges;
        `lab.train(lab.held_out())` trains these.

        Returns what `remap data issues --json` prints: the models; images whose label looks wrong (suspected), the most
        suspected first, and images on which the models split (hard), each with its number, label, the other class and
        the votes for both; pairs of classes that every good model confuses (limits_of_data), and those that some tell
        apart (limits_of_architecture), with the best_model. Raises NotFound for fewer than 5 models and for trainings
        that are missing, NoCatalogue while nothing was trained here.
        """
        require_flag("training", training)
        catalogue, home = self.workspace.catalogue, self.folder.home
        if training:
            trainings = held_out_trainings(catalogue, self.dataset, time.time())
            issues = training_issues(catalogue, trainings, rows_by_part(self.dataset, PARTS, home))
        else:
            issues = data_issues(catalogue, self.dataset)
        names = names_by_part(self.dataset, home)
        return issues.to_json(names[issues.part] if names else ())

    def held_out(self) -> HeldOut:
        """What `data_issues(training=True)` needs, for `lab.train`: the 5 best models, without parts of the images.

        Each is trained three times, on two thirds of the training images. These are no models of the lab. Raises
        NotFound for fewer than 5 models.
        """
        held_out_trainings(self.workspace.catalogue, self.dataset, time.time())
        return HeldOut(self.workspace)

    def relabel(
        self,
        labels: Mapping[int | str, str] | None = None,
        leave_out: Sequence[int | str] = (),
        name: str = "",
    ) -> Kept:
        """Correct labels and leave images out: makes a new data set beside this one, which stays with its models.

        labels: by image, the class that it should have. leave_out: images. An image is the number of a validation
        image, as `data_issues` has it, or the name of its file. name: of the new data set, by default this one's with
        "-corrected"; `remap.open(folder, dataset=name)` trains on it. Split and pixels stay the same. Raises
        DatasetError for an image or a class that there is none of, and where a class would have no image left.

        >>> lab.relabel({12: "8"}, leave_out=[3], name="digits-2").report.images
        199
        """
        corrections = checked_corrections(labels, leave_out)
        if not isinstance(name, str):
            raise InvalidArgument(f"name must be a text, but got {shown(name)}.")
        return keep_corrected(self.dataset, corrections, self.folder.home, name)

    def compare(self, first: Model, second: Model) -> Comparison:
        """Compare two models; see `Model.compare`."""
        if not isinstance(first, Model):
            raise InvalidArgument(f"A model is compared with a model, but got {shown(first)}.")
        first.recorded.require_in(self.workspace)
        return first.compare(second)

    @property
    def card(self) -> DatasetCard:
        """What is known of the data set: input_shape, class_names, split, some examples. Raises DatasetError."""
        return self.workspace.card

    @property
    def catalogue(self) -> Catalogue:
        """The newest snapshot, for other questions. Raises NoCatalogue while nothing was trained here."""
        return self.workspace.catalogue

    def _models(self, numbers: Sequence[int]) -> Models:
        return self._table(self.workspace.trials(numbers))

    def _table(self, trials: Sequence[Trial]) -> Models:
        return Models(self.workspace, trials)

    def __repr__(self) -> str:
        population = self.workspace.population()
        number = 0
        if population is not None:
            number = len(population)
        name = self.folder.home.name
        about = f"Lab in {name}: {pluralize(number, 'model')} of {self.dataset}"
        best = self.workspace.best()
        waiting = len(self.workspace.queue())
        if best:
            accuracy = best.accuracy_text()
            about += f", best {accuracy} ({model_name(best.id)}{self._optimism(population)})"
        if waiting:
            about += f", {waiting} in the queue"
        return about

    def _optimism(self, population: Population | None) -> str:
        """How optimistic the best accuracy is; empty for fewer than two models."""
        chosen = best_of_many(self.catalogue, population, View()) if population is not None else None
        return f", optimistic by {chosen.amount} as the best of {chosen.models}" if chosen else ""


def open(
    folder: str | Path,
    dataset: str | Path | None = None,
    **settings: object,
) -> Lab:
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
    data_folder = DataFolder(Path(folder))
    name = resolve(dataset, data_folder.home, known=_known_datasets(data_folder))
    return _opened(folder, name, settings)


def _opened(folder: str | Path, dataset: str, settings: dict[str, Any]) -> Lab:
    values, _ = read_settings(home=str(folder), dataset=dataset, **settings)
    return Lab(Workspace(DataFolder(values.home), values, dataset))


def _only_dataset(folder: Path) -> str:
    start = f"name a data set, such as dataset={NAMES[0]!r}"
    if not (folder / "snapshots").is_dir():
        raise NotFound(f"{folder} is not a data folder: {start} to make it one.")
    names = _known_datasets(DataFolder(folder))
    if not names:
        raise NotFound(f"{folder} has no models yet: {start}.")
    if len(names) > 1:
        raise InvalidArgument(f"{folder} has models of {', '.join(names)}: name one of them with dataset=.")
    return names[0]


def _known_datasets(folder: DataFolder) -> list[str]:
    try:
        return open_snapshot(folder).datasets()
    except NoCatalogue:
        return []


def _require_setting(name: str) -> None:
    if name in ("home", "dataset"):
        raise InvalidArgument(f"{name} is what the first two arguments of open name.")
    if name not in Settings.model_fields:
        nearest = suggestion(name, Settings.model_fields)
        if nearest:
            raise InvalidArgument(f"There is no setting {name}: did you mean {nearest}?")
        raise InvalidArgument(f"There is no setting {name}.")
