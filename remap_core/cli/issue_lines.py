"""What models say about a data set, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from remap_core.analysis.class_pairs import ClassPair
from remap_core.analysis.image_votes import ImageVerdict
from remap_core.datasets.splits import Part
from remap_core.formatting import count, dataset_title, model_tag, pluralize
from remap_core.services.data.data_issues import DataIssues


def issue_lines(issues: DataIssues, files: Sequence[str] = ()) -> Iterator[str]:
    """All suspected labels and hard images, the first ones first, then the pairs of classes.

    files: what each image is called, where that is known.
    """
    models = pluralize(len(issues.models), "model")
    asked = f"the better half of the models, {models},"
    if issues.part is Part.TRAIN:
        asked = f"{models}, each trained without the images that it judges,"
    yield f"{dataset_title(issues.dataset)}: {asked} on {pluralize(issues.images, f'{issues.part.title} image')}."
    yield from _images(issues, "Suspected wrong labels", issues.suspected, files)
    yield from _images(issues, "Hard images, on which the models split", issues.hard, files)
    yield from _pairs(issues, "Confused by every good model, a limit of the data", issues.pairs.limits_of_data)
    told_apart = issues.pairs.limits_of_architecture
    yield from _pairs(issues, "Told apart by some models, a limit of the architecture", told_apart)
    if issues.pairs.undecided:
        yield f"Too few images to decide: {pluralize(issues.pairs.undecided, 'pair')} of classes."


def _images(issues: DataIssues, heading: str, verdicts: Sequence[ImageVerdict], files: Sequence[str]) -> Iterator[str]:
    yield f"{heading}: {count(len(verdicts))}"
    voters = count(len(issues.models))
    for verdict in verdicts:
        name = f"image {issues.image_name(verdict)}"
        if files:
            name += f" ({files[verdict.row]})"
        label, other = issues.class_names[verdict.label], issues.class_names[verdict.other]
        yield f"  {name}: labelled {label}, {count(verdict.for_other)} of {voters} models say {other}"


def _pairs(issues: DataIssues, heading: str, pairs: Sequence[ClassPair]) -> Iterator[str]:
    yield f"{heading}: {count(len(pairs))}"
    for pair in pairs:
        first, second = issues.class_names[pair.first], issues.class_names[pair.second]
        yield (
            f"  {first} and {second}: of {pluralize(pair.images, 'image')}, {pair.mean:.1f} are read as the other on "
            f"average, {count(pair.fewest)} by {model_tag(pair.best)}"
        )
