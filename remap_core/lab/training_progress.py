"""A progress bar of trainings, in notebooks and terminals."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from remap_core.formatting import percent
from remap_core.trials.trial import Trial, TrialState


class ProgressBar:
    """Counts the epochs of new trainings out of `epochs` in all; shows nothing where it is not `visible`."""

    def __init__(self, epochs: int, visible: bool) -> None:
        bar = _tqdm()
        self._bar: Any = bar(
            total=epochs,
            unit="epoch",
            desc="Training",
            disable=not visible,
        )
        self._total = epochs
        self._shown = (0, "")

    def show(self, trials: Iterable[Trial], note: str = "") -> None:
        """Show how far the trainings are. note: shown instead of the best accuracy so far."""
        epochs = 0
        best = 0.0
        finished = 0
        for trial in trials:
            if trial.state.is_finished():
                finished += 1
                epochs += trial.proposal.config.epochs
            else:
                epochs += trial.epochs_done
            if trial.state is TrialState.COMPLETE:
                best = max(best, trial.accuracy or 0.0)
        if not note and best:
            note = f"{finished} finished, best {percent(best)}"
        self._write(min(epochs, self._total), note)

    def _write(self, epochs: int, note: str) -> None:
        if (epochs, note) == self._shown:
            return  # a notebook without widgets keeps every line
        self._shown = (epochs, note)
        self._bar.n = epochs
        self._bar.set_postfix_str(note)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()


def _tqdm() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a notebook without ipywidgets gets the bar of terminals
        from tqdm.auto import tqdm  # noqa: PLC0415 (imports the notebook's widgets)
    return tqdm
