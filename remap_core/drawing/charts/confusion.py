"""The confusion matrix: true classes in rows, predicted ones in columns; correct ones blue, errors red."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from remap_core.drawing.charts.class_accuracy import class_sentence
from remap_core.drawing.charts.shown_classes import confused_classes
from remap_core.drawing.charts.style import HOVER, axis, base_figure, class_axis, escape_html
from remap_core.drawing.palette import ACCURACY_SCALE, BOARD, ERROR_SCALE, SERIES
from remap_core.errors import InvalidTrial
from remap_core.formatting import count, percent
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.population import Floats, Ints

MAX_CLASSES_WITH_NUMBERS = 20
"""With more classes, cells show their numbers on hover only."""

CELL, EDGE = 36, 142
"""Pixels of one cell, and of the names and titles around the cells."""

SMALL_CELL, SMALL_EDGE = 23, 70
"""The same beside the bars of the accuracies."""

MIN_HEIGHT, MAX_HEIGHT = 320, 640

Texts = NDArray[np.object_]
Mask = NDArray[np.bool_]


class _Cells(NamedTuple):
    """Counts of the shown classes, (m, m), all images of each of them, (m,), and their names."""

    counts: Ints
    images: Ints
    names: Sequence[str]

    def sentence(self, row: int, column: int) -> str:
        """What a cell says."""
        images = int(self.counts[row, column])
        if not images:
            return none_sentence(self.names[row], self.names[column])
        in_class = int(self.images[row])
        classified = "are classified"
        if images == 1:
            classified = "is classified"
        verdict = f"as {self.names[column]}"
        if row == column:
            verdict = "correctly"
        counts = f"{count(images)} of {count(in_class)} images"
        share = percent(images / in_class)
        return f"{counts} of {self.names[row]} {classified} {verdict} ({share})"


def confusion_figure(
    evaluation: Evaluation,
    class_names: Sequence[str],
    shares: bool = False,
    classes: Sequence[int] | None = None,
    *,
    with_accuracy: bool = False,
) -> go.Figure:
    """A heatmap: true classes down, predicted ones across; cells without images stay empty.

    Each cell belongs to one of three traces, "wrong", "right" and the empty "board"; a click reports [row, column].
    Darkness is the share of the row. shares: cells show it instead of the count. classes: the rows and columns, by
    default those of `confused_classes`; shares are of all images of a class nevertheless. with_accuracy: each row ends
    in a bar, the accuracy of its class. Raises InvalidTrial where names and matrix differ in size.
    """
    matrix = _matrix(evaluation, class_names)
    if classes is None:
        classes = confused_classes(evaluation)
    shown = list(classes)
    names = [class_names[label] for label in shown]
    cells = _Cells(matrix[np.ix_(shown, shown)], matrix.sum(axis=1)[shown], names)
    size = len(names)
    is_diagonal = np.eye(size, dtype=bool)
    has_images = cells.counts > 0
    x_axis = axis("Predicted", side="top", autotickangles=[0, -45, -90])
    y_axis = axis("True class")
    figure = base_figure(
        **_frame(size, with_accuracy),
        dragmode=False,
        xaxis={
            **x_axis,
            **class_axis(names, letters=16, limit=50),
            **_square("left"),
        },
        yaxis={
            **y_axis,
            **class_axis(names, letters=16, limit=50, down=True),
            **_square("top"),
        },
    )
    figure.update_yaxes(scaleanchor="x")
    figure.add_trace(_board(cells, ~has_images))
    figure.add_trace(_heat("wrong", cells, ~is_diagonal & has_images, shares))
    figure.add_trace(_heat("right", cells, is_diagonal & has_images, shares))
    if with_accuracy:
        figure.update_xaxes(domain=[0, 0.76])
        figure.update_layout(xaxis2=_accuracy_axis())
        figure.add_trace(_accuracies(cells, shown))
    return figure


def _frame(size: int, with_accuracy: bool) -> dict[str, Any]:
    """Height and margins, which leave room for the mode bar, the title and the names."""
    if with_accuracy:
        height, top = SMALL_CELL * size + SMALL_EDGE, 56
    else:
        height, top = max(MIN_HEIGHT, CELL * size + EDGE), 84
    height = min(MAX_HEIGHT, height)
    return {"height": height, "margin": {"l": 8, "r": 8, "t": top, "b": 8, "pad": 0}}


def none_sentence(true_class: str, predicted: str) -> str:
    """What an empty cell says.

    >>> none_sentence("0", "9")
    'No 0 was predicted as 9.'
    """
    return f"No {true_class} was predicted as {predicted}."


def confusion_alt(evaluation: Evaluation, class_names: Sequence[str]) -> str:
    """Accuracy and the most frequent confusion, in words."""
    matrix = _matrix(evaluation, class_names)
    images = int(matrix.sum())
    accuracy = f"{percent(evaluation.accuracy)} of {count(images)} images are classified correctly"
    errors = matrix.copy()
    np.fill_diagonal(errors, 0)
    if not errors.any():
        return f"{accuracy}."
    row, column = np.unravel_index(int(errors.argmax()), errors.shape)
    confusion = _Cells(matrix, matrix.sum(axis=1), class_names).sentence(int(row), int(column))
    return f"{accuracy}. Most frequent confusion: {confusion}."


def row_shares(matrix: Ints, images: Ints) -> Floats:
    """(classes, classes) float64 share of each row's images, (classes,); 0 in a row without any."""
    shares = matrix / np.maximum(1, images)[:, np.newaxis]
    return np.asarray(shares, dtype=np.float64)


def _matrix(evaluation: Evaluation, class_names: Sequence[str]) -> Ints:
    matrix = evaluation.confusion
    if matrix.shape != (len(class_names), len(class_names)):
        raise InvalidTrial(f"A confusion matrix of {len(class_names)} classes cannot have the shape {matrix.shape}.")
    return matrix


def _square(toward: str) -> dict[str, Any]:
    return {"constrain": "domain", "constraintoward": toward}


def _accuracy_axis() -> dict[str, Any]:
    """Room for the bars, and for their numbers beyond the longest."""
    return {
        "domain": [0.8, 1],
        "range": [0, 1.9],
        "side": "top",
        "title": {"text": "Accuracy", "standoff": 8},
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def _accuracies(cells: _Cells, labels: Sequence[int]) -> go.Bar:
    """customdata of a bar is its class's index."""
    right = np.diagonal(cells.counts)
    shares = np.divide(right, cells.images, out=np.full(len(right), np.nan), where=cells.images > 0)
    names = [escape_html(name, 40) for name in cells.names]
    return go.Bar(
        name="accuracy",
        orientation="h",
        xaxis="x2",
        x=np.nan_to_num(shares),
        y=list(range(len(right))),
        customdata=list(labels),
        marker={"color": SERIES[0], "line": {"width": 0}},
        text=[percent(share) for share in shares],
        textposition="outside",
        textfont={"size": 11},
        cliponaxis=False,
        hovertext=[class_sentence(*row) for row in zip(names, shares, cells.images.tolist(), strict=True)],
        hovertemplate=HOVER,
        showlegend=False,
    )


def _board(cells: _Cells, empty: Mask) -> go.Heatmap:
    return go.Heatmap(
        name="board",
        z=np.where(empty, 0, np.nan),
        colorscale=[[0, BOARD], [1, BOARD]],
        showscale=False,
        hoverongaps=False,
        hovertext=_hover_texts(cells, empty),
        hovertemplate=HOVER,
        xgap=1,
        ygap=1,
    )


def _heat(name: str, cells: _Cells, shown: Mask, shares: bool) -> go.Heatmap:
    of_row = row_shares(cells.counts, cells.images)
    scale: Sequence[tuple[float, str]] = ACCURACY_SCALE
    darkest = 1.0
    if name == "wrong":
        scale = ERROR_SCALE
        darkest = max(0.2, float(of_row[shown].max(initial=0.0)))
    return go.Heatmap(
        name=name,
        z=np.where(shown, of_row, np.nan),
        zmin=0,
        zmax=darkest,
        colorscale=scale,
        showscale=False,
        hoverongaps=False,
        hovertext=_hover_texts(cells, shown),
        hovertemplate=HOVER,
        xgap=1,
        ygap=1,
        **_cell_texts(cells.counts, of_row, shown, shares),
    )


def _cell_texts(matrix: Ints, of_row: Floats, shown: Mask, shares: bool) -> dict[str, Any]:
    if len(matrix) > MAX_CLASSES_WITH_NUMBERS:
        return {}
    text = np.full(matrix.shape, "", dtype=object)
    for cell in zip(*np.nonzero(shown), strict=True):
        if shares:
            text[cell] = percent(of_row[cell], decimals=0)
        else:
            text[cell] = count(int(matrix[cell]))
    font_size = 12
    if len(matrix) > 12:
        font_size = 9
    return {"text": text, "texttemplate": "%{text}", "textfont": {"size": font_size}}


def _hover_texts(cells: _Cells, shown: Mask) -> Texts:
    escaped = cells._replace(names=[escape_html(name, 40) for name in cells.names])
    text = np.full(shown.shape, "", dtype=object)
    for row, column in zip(*np.nonzero(shown), strict=True):
        text[row, column] = escaped.sentence(int(row), int(column))
    return text
