"""The confusion matrix: what the gold classes (rows) are read as (columns), right in blue and wrong in red."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from remap_core.drawing.charts.style import HOVER, axis, base_figure, class_axis, escape_html
from remap_core.drawing.palette import ACCURACY_SCALE, BOARD, ERROR_SCALE
from remap_core.errors import InvalidTrial
from remap_core.formatting import count, percent
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.population import Floats

WRITTEN_UP_TO = 20
"""More classes than this get no numbers in their cells, only on hover."""

CELL, EDGE = 36, 142
"""Pixels of one cell, and of names and titles beside the cells."""

Cells = NDArray[np.object_]


def confusion_figure(evaluation: Evaluation, class_names: Sequence[str], shares: bool = False) -> go.Figure:
    """A heatmap: rows gold, columns predicted, the diagonal runs down; cells without an image stay empty.

    Above an empty board lie two traces, "wrong" and "right", whose clicks report [row, column]. Darkness is the share
    of the row; shares: write it, too, instead of the count. Raises InvalidTrial where names and matrix differ.
    """
    matrix = _matrix(evaluation, class_names)
    right, seen = np.eye(len(matrix), dtype=bool), matrix > 0
    figure = base_figure(
        height=max(320, min(900, CELL * len(matrix) + EDGE)),
        dragmode=False,
        margin={"l": 8, "r": 8, "t": 84, "b": 8, "pad": 0},  # the mode bar's row, then the title's and the names'
        xaxis={
            **axis("Predicted", side="top", autotickangles=[0, -45, -90]),
            **class_axis(class_names, letters=16, most=50),
            **_square("left"),
        },
        yaxis={**axis("Gold"), **class_axis(class_names, letters=16, most=50, down=True), **_square("top")},
    )
    figure.update_yaxes(scaleanchor="x")
    figure.add_trace(_board(len(matrix)))
    figure.add_trace(_heat("wrong", matrix, class_names, ~right & seen, shares))
    figure.add_trace(_heat("right", matrix, class_names, right & seen, shares))
    return figure


def confusion_alt(evaluation: Evaluation, class_names: Sequence[str]) -> str:
    """Accuracy, and the most frequent confusion, in words."""
    matrix = _matrix(evaluation, class_names)
    wrong = np.where(np.eye(len(class_names), dtype=bool), 0, matrix)
    accuracy = f"{percent(evaluation.accuracy)} of {count(int(matrix.sum()))} images are classified rightly"
    if not wrong.any():
        return f"{accuracy}."
    gold, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
    return f"{accuracy}; most often {_sentence(matrix, class_names, int(gold), int(predicted))}."


def _matrix(evaluation: Evaluation, class_names: Sequence[str]) -> NDArray[np.int64]:
    matrix = evaluation.confusion
    if matrix.shape != (len(class_names), len(class_names)):
        raise InvalidTrial(f"A confusion matrix of {len(class_names)} classes cannot have the shape {matrix.shape}.")
    return matrix


def _square(toward: str) -> dict[str, Any]:
    return {"constrain": "domain", "constraintoward": toward}


def _board(size: int) -> go.Heatmap:
    ground = [[0, BOARD], [1, BOARD]]
    return go.Heatmap(
        name="board", z=np.zeros((size, size)), colorscale=ground, showscale=False, hoverinfo="skip", xgap=1, ygap=1
    )


def _heat(
    name: str, matrix: NDArray[np.int64], class_names: Sequence[str], shown: NDArray[np.bool_], shares: bool
) -> go.Heatmap:
    rows = row_shares(matrix)
    wrong = name == "wrong"
    darkest = max(0.2, float(rows[shown].max(initial=0.0))) if wrong else 1.0
    return go.Heatmap(
        name=name,
        z=np.where(shown, rows, np.nan),
        zmin=0,
        zmax=darkest,
        colorscale=ERROR_SCALE if wrong else ACCURACY_SCALE,
        showscale=False,
        hoverongaps=False,
        hovertext=_hover(matrix, class_names, shown),
        hovertemplate=HOVER,
        xgap=1,
        ygap=1,
        **_written(matrix, rows, shown, shares),
    )


def row_shares(matrix: NDArray[np.int64]) -> Floats:
    """(classes, classes) float64 share of each row's images; 0 in a row without any."""
    return np.asarray(matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True)), dtype=np.float64)


def _written(matrix: NDArray[np.int64], rows: Floats, shown: NDArray[np.bool_], shares: bool) -> dict[str, Any]:
    if len(matrix) > WRITTEN_UP_TO:
        return {}
    text = np.full(matrix.shape, "", dtype=object)
    for cell in zip(*np.nonzero(shown), strict=True):
        text[cell] = f"{rows[cell]:.0%}" if shares else count(int(matrix[cell]))
    return {"text": text, "texttemplate": "%{text}", "textfont": {"size": 12 if len(matrix) <= 12 else 9}}


def _hover(matrix: NDArray[np.int64], class_names: Sequence[str], shown: NDArray[np.bool_]) -> Cells:
    safe = [escape_html(name, 40) for name in class_names]
    text = np.full(matrix.shape, "", dtype=object)
    for gold, predicted in zip(*np.nonzero(shown), strict=True):
        text[gold, predicted] = _sentence(matrix, safe, int(gold), int(predicted))
    return text


def _sentence(matrix: NDArray[np.int64], names: Sequence[str], gold: int, predicted: int) -> str:
    part, whole = int(matrix[gold, predicted]), int(matrix[gold].sum())
    verb = "is" if part == 1 else "are"
    what = "recognised" if gold == predicted else f"taken for {names[predicted]}"
    return f"{count(part)} of {count(whole)} images of {names[gold]} {verb} {what} ({percent(part / whole)})"
