"""`remap data`: look at images, add them to the data folder; list, show and remove what was added."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from remap_core.access.person import local_person
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.cli.choice_options import with_choices
from remap_core.cli.issue_lines import issue_lines
from remap_core.cli.options import AsJson
from remap_core.cli.sent_proposals import send
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import names_by_part, rows_by_part
from remap_core.datasets.image_report import Report
from remap_core.datasets.kept import Kept, find_kept, kept_datasets
from remap_core.datasets.naming import checked_title
from remap_core.datasets.preparation.intake import Progress, prepare
from remap_core.datasets.preparation.intake import add as add_images
from remap_core.datasets.recipe import Choices
from remap_core.errors import DatasetError, NoCatalogue, NotFound
from remap_core.formatting import count, dataset_title, listed
from remap_core.services.data.data_issues import data_issues
from remap_core.services.data.held_out import PARTS, held_out_trainings, training_issues
from remap_core.services.data.known_datasets import KnownDataset, removal_of, remove_dataset
from remap_core.setting_sources import read_settings

Source = Annotated[
    str,
    typer.Argument(metavar="PATH", help="A folder, archive or file of images, or a published data set's name."),
]
Title = Annotated[str, typer.Argument(metavar="NAME", help="The name of the data set.")]

app = typer.Typer(
    name="data",
    help="Your own images: check them, add them, list, show and remove data sets; what the models say about them.",
    no_args_is_help=True,
)


@app.command()
@with_choices
def check(path: Source, *, choices: Choices, as_json: AsJson = False) -> None:
    """Say what REMAP would make of images; exit code 1 if they cannot be used. Nothing is kept."""
    settings, _ = read_settings()
    with tempfile.TemporaryDirectory(prefix="remap-") as work, _ProgressBar() as bar:
        report = prepare(path, choices, Path(work), bar.show, settings.home).report
    _print_report(report, as_json)
    if not report.ok:
        raise typer.Exit(1)


@app.command()
@with_choices
def add(
    path: Source,
    *,
    name: Annotated[str, typer.Option(help="The name of the new data set.")],
    choices: Choices,
    as_json: AsJson = False,
) -> None:
    """Prepare images and keep them in the data folder, ready to train on. What you do not choose is proposed.

    Repeat an interrupted call, and it goes on where it was. Into a file or a pipe, the report is JSON.
    """
    settings, _ = read_settings()
    home = DataFolder(settings.home).home
    as_json = as_json or not sys.stdout.isatty()
    try:
        checked_title(name)
        with _ProgressBar() as bar:
            kept = add_images(path, name, choices, home, bar.show, confirm=_answered)
    except DatasetError as error:
        if not as_json:
            raise
        _print_report(Report(ok=False, problem=str(error)), as_json)
        raise typer.Exit(1) from error
    _print_report(kept.report, as_json)
    if not as_json:
        typer.echo(f"Added as {kept.title}. To train on it: REMAP_DATASET='{kept.title}' streamlit run app.py")


@app.command(name="list")
def list_datasets(as_json: AsJson = False) -> None:
    """List the data sets that were added."""
    settings, _ = read_settings()
    added = kept_datasets(settings.home)
    if as_json:
        summaries = [{"name": kept.title, "full_name": kept.name, **kept.report.to_json()} for kept in added]
        typer.echo(json.dumps(summaries, indent=2))
        return
    if not added:
        typer.echo("No data set was added yet: remap data add PATH --name NAME")
        return
    table = Table("name", "images", "classes", "shape", "form", "source")
    for kept in added:
        report = kept.report
        shape = " x ".join(map(str, report.shape))
        images = count(report.images)
        classes = count(len(report.class_names))
        table.add_row(kept.title, images, classes, shape, report.form, kept.recipe.source)
    Console().print(table)


@app.command()
def show(name: Title, as_json: AsJson = False) -> None:
    """Show what was found in the source of a data set, and what was made of it."""
    _print_report(_kept(name).report, as_json)


@app.command()
def remove(name: Title, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete the prepared images of a data set and its models. Your own files stay as they are.

    Without a trainer, its models are deleted when the next one starts.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    kept = _kept(name)
    catalogue = _newest_catalogue(folder)
    is_trained = catalogue is not None and kept.name in catalogue.datasets()
    known = KnownDataset(kept.name, kept, is_trained)
    going = ", ".join(removal_of(known, catalogue, folder).sentences)
    typer.echo(f"Removing {kept.title} deletes: {going}.")
    if not yes:
        typer.confirm("Remove it?", abort=True)
    remove_dataset(known, folder, time.time(), local_person())
    typer.echo(f"Removed {kept.title}.")


@app.command()
def issues(
    name: Title,
    *,
    training: Annotated[
        bool, typer.Option("--training", help="Of the training images in place of validation.")
    ] = False,
    train: Annotated[bool, typer.Option("--train", help="With --training: queue the trainings that it needs.")] = False,
    as_json: AsJson = False,
) -> None:
    """List labels that look wrong, hard images and confused classes of a data set, by what its models predict.

    The better half of the finished models is asked, of which there must be at least 5; nothing is trained. Training
    images are judged by the 5 best models, trained three times without a third of the images: --train queues these.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = open_snapshot(folder)
    dataset = _trained(name, catalogue)
    if not training:
        found = data_issues(catalogue, dataset)
    else:
        trainings = held_out_trainings(catalogue, dataset, time.time())
        if train and trainings.missing:
            send(folder, catalogue, trainings.missing, f"training images of {dataset_title(dataset)}", quietly=as_json)
            return
        found = training_issues(catalogue, trainings, rows_by_part(dataset, PARTS, folder.home))
    names = names_by_part(dataset, folder.home)
    files = names[found.part] if names else []
    if as_json:
        typer.echo(json.dumps(found.to_json(files), indent=2))
        return
    typer.echo("\n".join(issue_lines(found, files)))


def _newest_catalogue(folder: DataFolder) -> Catalogue | None:
    try:
        return open_snapshot(folder)
    except NoCatalogue:
        return None


def _trained(name: str, catalogue: Catalogue) -> str:
    """The full name of a data set with models, by its name or its title."""
    known = catalogue.datasets()
    if name in known:
        return name
    for full_name in known:
        if dataset_title(full_name) == name:
            return full_name
    raise NotFound(f"Nothing was trained on a data set {name!r:.60}: {listed(list(map(dataset_title, known)))}.")


def _answered(report: Report) -> None:
    """Ask the person at the terminal, where there is one, what the report asks."""
    if sys.stdin.isatty():
        for question in report.questions:
            typer.confirm(f"{question} Go on?", abort=True)


def _kept(name: str) -> Kept:
    settings, _ = read_settings()
    kept = find_kept(name, settings.home)
    if kept is None:
        titles = ", ".join(other.title for other in kept_datasets(settings.home)) or "none was added yet"
        raise NotFound(f"There is no data set {name!r:.60}: {titles}.")
    return kept


def _print_report(report: Report, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
        return
    for sentence in report.sentences():
        typer.echo(sentence, err=not report.ok)
    for file, reason in report.skipped[:10]:
        typer.echo(f"  skipped {file}: {reason}")


class _ProgressBar:
    """A bar on the terminal, for what is being done at the moment; none where nobody sees it."""

    def __init__(self) -> None:
        self._bar: tqdm[None] = tqdm(disable=not sys.stderr.isatty(), leave=False, file=sys.stderr)

    def show(self, progress: Progress) -> None:
        """Draw how far the preparation is."""
        self._bar.set_description(progress.stage, refresh=False)
        self._bar.total = progress.total
        self._bar.n = progress.done
        self._bar.refresh()

    def __enter__(self) -> _ProgressBar:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()
