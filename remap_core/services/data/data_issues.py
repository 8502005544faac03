"""What the models of a data set say about its validation images: suspected labels, hard images, confused classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from remap_core.analysis.class_pairs import ClassPair, ConfusedPairs, confused_pairs
from remap_core.analysis.image_votes import MIN_MODELS, ImageVerdict, ImageVotes, better_half
from remap_core.catalogue.reader import Catalogue
from remap_core.datasets.splits import Part
from remap_core.errors import NotFound
from remap_core.formatting import dataset_title, pluralize
from remap_core.trials.trial import TrialId


@dataclass(frozen=True)
class DataIssues:
    """What the `models` say about so many `images` of a part of the split.

    Of validation images the models are the better half of those that have finished; of training images those of
    `services.data.held_out`. suspected: images whose label looks wrong. hard: images on which the models split. See
    `ImageVotes`.
    """

    dataset: str
    class_names: tuple[str, ...]
    models: tuple[TrialId, ...]
    images: int
    suspected: tuple[ImageVerdict, ...]
    hard: tuple[ImageVerdict, ...]
    pairs: ConfusedPairs
    part: Part = Part.VALIDATION

    def image_name(self, verdict: ImageVerdict) -> int | str:
        """By what corrections name an image: see `datasets.preparation.corrections`."""
        return verdict.row if self.part is Part.VALIDATION else f"{self.part.title} {verdict.row}"

    def to_json(self, files: Sequence[str] = ()) -> dict[str, Any]:
        """Everything, with names of classes. Images are numbered from 0, in the order of their part.

        files: what each of them is called, see `datasets.dataset.names_by_part`.
        """
        return {
            "dataset": self.dataset,
            "part": self.part.title,
            "models": list(self.models),
            "images": self.images,
            "suspected": [self._image_json(verdict, files) for verdict in self.suspected],
            "hard": [self._image_json(verdict, files) for verdict in self.hard],
            "limits_of_data": [self._pair_json(pair) for pair in self.pairs.limits_of_data],
            "limits_of_architecture": [self._pair_json(pair) for pair in self.pairs.limits_of_architecture],
            "undecided_pairs": self.pairs.undecided,
        }

    def _image_json(self, verdict: ImageVerdict, files: Sequence[str]) -> dict[str, Any]:
        return {
            "image": self.image_name(verdict),
            "file": files[verdict.row] if files else None,
            "label": self.class_names[verdict.label],
            "other": self.class_names[verdict.other],
            "votes_for_label": verdict.for_label,
            "votes_for_other": verdict.for_other,
            "entropy": round(verdict.entropy, 4),
        }

    def _pair_json(self, pair: ClassPair) -> dict[str, Any]:
        return {
            "first": self.class_names[pair.first],
            "second": self.class_names[pair.second],
            "images": pair.images,
            "first_as_second": round(pair.first_as_second, 2),
            "second_as_first": round(pair.second_as_first, 2),
            "best_model": pair.best,
            "fewest": pair.fewest,
        }


def data_issues(catalogue: Catalogue, dataset: str) -> DataIssues:
    """Ask the better half of the finished models of a data set; nothing is trained.

    Models that were evaluated on other images than the data set has now, or started from their parent's weights, do not
    count. Raises NotFound for fewer than 5
    models, and for a data set that is not known.
    """
    card = catalogue.dataset(dataset)
    population = catalogue.population(dataset)
    judging = catalogue.judging_models(dataset)
    in_full = population.in_full
    rows = np.array(
        [row for row, model in enumerate(population.id) if in_full[row] and int(model) in judging], dtype=np.int64
    )
    if len(rows) < MIN_MODELS:
        raise NotFound(
            f"What the models say about the data needs at least {MIN_MODELS} finished models, but "
            f"{dataset_title(dataset)} has {pluralize(len(rows), 'model')}."
        )
    voters = rows[better_half(population.accuracy[rows])]
    models = catalogue.mapped_models(population.id[voters].tolist())
    predictions = np.stack([model.predictions for model in models])
    votes = ImageVotes(np.array([model.id for model in models]), card.validation_labels, predictions)
    return DataIssues(
        dataset=dataset,
        class_names=card.class_names,
        models=tuple(model.id for model in models),
        images=len(card.validation_labels),
        suspected=tuple(votes.suspected()),
        hard=tuple(votes.hard()),
        pairs=confused_pairs(votes),
    )
