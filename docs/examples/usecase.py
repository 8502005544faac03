"""The walk of the paper's use case without a browser: from a population to a small, accurate model.

    python docs/examples/usecase.py FOLDER

Trains about two dozen small networks on scikit-learn's digits in FOLDER, which takes a minute or two.
"""

import sys
from pathlib import Path

import remap_core as remap

CAP = 60_000


def walk(folder: Path, population: int = 12, epochs: int = 5, children: int = 4) -> list[str]:
    """The whole use case; returns a comparison of the models with the smallest one, a line each."""
    lab = remap.open(folder, dataset="digits", epochs=epochs, max_parameters=CAP)
    lab.train(remap.sample("remap-2019", dataset=lab, n=population, seed=0, max_parameters=CAP))
    smallest = lab.front[0]
    pools = [place for place, layer in enumerate(smallest.architecture.layers) if "pool" in layer.kind]
    allowed = {place: ["remove", "replace", "prepend", "reparameterize"] for place in pools} or None
    handcrafted = [
        smallest.edited().insert(0, "Conv 16x3"),
        smallest.edited().insert(0, "Conv 16x3, ReLU"),
        smallest.edited().append("Dense 16"),
    ]
    lab.train([smallest.ablations(), smallest.variations(children=children, seed=0, allowed=allowed), handcrafted])
    return [f"#{model.id:<3} {model.parameters:>9,}  {against(model, smallest)}  {model.text}" for model in lab.models]


def against(model: remap.Model, baseline: remap.Model) -> str:
    """Accuracy, and whether it differs from the baseline's by more than chance."""
    noise = "the baseline" if model == baseline else f"p = {model.compare(baseline).p:.3f} against #{baseline.id}"
    return f"{model.accuracy:6.1%}  {noise:<24}"


if __name__ == "__main__":
    print("\n".join(walk(Path(sys.argv[1]))))
