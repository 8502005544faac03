"""Use cases: what a page or a command asks for, in one call each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from remap_core.settings import Settings
from remap_core.space.edits import Candidate, ablations
from remap_core.space.sampler import SPACES, sample_architectures
from remap_core.trials import DatasetCard, Origin, Proposal, TrainingConfig, Trial, TrialId


def propose_initial(
    settings: Settings, card: DatasetCard, n: int, seed: int, known: Collection[str] = ()
) -> tuple[Proposal, ...]:
    """n sampled architectures for a data set, none with a fingerprint in `known`; raises SpaceExhausted."""
    sampled = sample_architectures(
        SPACES[settings.space],
        card.input_shape,
        card.classes,
        n,
        np.random.default_rng(seed),
        max_parameters=settings.max_parameters,
        known=known,
    )
    config = TrainingConfig(
        epochs=settings.epochs,
        batch_size=settings.batch_size or TrainingConfig.fitting_batch(card.split[0]),
        learning_rate=settings.learning_rate,
        seed=settings.seed,
    )
    batch = f"initial, seed {seed}"
    return tuple(Proposal(architecture, card.name, config, batch=batch) for architecture in sampled)


def preview_ablations(parent: Trial, indices: Iterable[int] = ()) -> tuple[Candidate, ...]:
    """What removing each chosen layer of the parent would give; every layer where none is chosen."""
    return ablations(parent.architecture, sorted(set(indices)) or None)


def propose_children(
    parent: Trial, origin: Origin, candidates: Iterable[Candidate], now: float
) -> tuple[Proposal, ...]:
    """The children that exist among the candidates, trained exactly as their parent was."""
    batch = f"{origin} of {parent.id}, {now:.0f}"
    return tuple(
        replace(
            parent.proposal,
            architecture=candidate.child,
            origin=origin,
            parent=parent.id,
            edits=candidate.edits,
            batch=batch,
        )
        for candidate in candidates
        if candidate.child is not None
    )


def existing_model(candidate: Candidate, known: Mapping[str, TrialId]) -> TrialId | None:
    """The model that a candidate would be again, by `known` fingerprints of the catalogue; None for a new one."""
    return known.get(candidate.child.fingerprint) if candidate.child else None


def start_trainer(settings: Settings, log: Path) -> subprocess.Popen[bytes]:
    """A trainer daemon for the data folder that leaves when this process does; what it says goes into `log`."""
    command = [sys.executable, "-m", "remap_core.cli", "trainer", "--with-parent", str(os.getpid())]
    environment = os.environ | {
        f"REMAP_{name.upper()}": str(value) for name, value in settings.model_dump(mode="json").items()
    }
    with log.open("ab") as sink:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=environment)
