"""Measures what fine-tuning is worth: few pictures, learned from nothing and from a model of other pictures.

A model is trained on SOURCE, or given with `--from`. Then `kerasgan train` trains as many steps each on a
few pictures of TARGET: from nothing, from the model, and from the model with the first stages of its
discriminator frozen (FreezeD). The other pictures of TARGET, which no training has seen, say how good each
is: the kernel distance, precision and recall of as many generated pictures, on the features of `--features`,
or of a small network with random weights. Beside them stands what the few pictures themselves get.

    python benchmarks/fine_tuning.py SOURCE TARGET --record benchmarks/results/fine_tuning.json

It needs hours on two cores. The runs lie in `--output`; the same command again goes on with them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from measuring import report, surroundings

import kerasgan
from kerasgan.command.evaluate import random_features

_PICTURES = {".png", ".jpg", ".jpeg", ".webp"}


def few_and_others(options: argparse.Namespace) -> tuple[Path, Path]:
    """Deals the pictures of the target out to two folders, the few to train on and the others."""
    folders = options.output / "few", options.output / "others"
    if not all(folder.is_dir() for folder in folders):
        paths = sorted(p for p in options.target.rglob("*") if p.suffix.lower() in _PICTURES)
        order = np.random.default_rng(options.seed).permutation(len(paths))
        for place, index in enumerate(order):
            folder = folders[place >= options.pictures]
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths[index], folder / f"{index:06}{paths[index].suffix}")
    return folders


def train(folder: Path, run: Path, *given: str) -> dict[str, Any]:
    """Trains a run, or goes on with it, and returns how long it took."""
    command = ["-m", "kerasgan", "train", str(folder), "--output", str(run), *given]
    subprocess.run([sys.executable, *command, "--conditional", "no"], check=True)
    state = json.loads((run / "state.json").read_text())
    return {"steps": state["steps"], "seconds_of_training": round(state["seconds"], 1)}


def scores(real: np.ndarray, samples: np.ndarray, features: keras.Model) -> dict[str, float]:
    """Compares samples with real pictures that no training has seen."""
    distance = kerasgan.metrics.KernelDistance(features)
    both = kerasgan.metrics.PrecisionRecall(features=features)
    for metric in (distance, both):
        metric.update_state(real, samples)
    precision, recall = both.result().values()
    return {
        "kernel_distance": round(float(distance.result()), 5),
        "precision": round(float(precision), 4),
        "recall": round(float(recall), 4),
    }


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="SOURCE", help="many pictures of one kind")
    parser.add_argument("target", type=Path, metavar="TARGET", help="pictures of another kind")
    parser.add_argument("--from", type=Path, metavar="MODEL", dest="model", help="a trained model")
    parser.add_argument("--pictures", type=int, default=200, help="to train on (default: 200)")
    parser.add_argument("--freeze", type=int, nargs="+", default=[1, 2], help="default: 1 2")
    parser.add_argument("--size", default="32", help="of the model that is trained (default: 32)")
    parser.add_argument("--filters", default="32", help="of the same (default: 32)")
    parser.add_argument("--source-steps", type=int, default=5_000, help="default: 5,000")
    parser.add_argument("--steps", type=int, default=1_000, help="of each run (default: 1,000)")
    parser.add_argument("--batch-size", default="64", help="default: 64")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--features", type=Path, metavar="FILE.keras")
    parser.add_argument(
        "--output", type=Path, default=Path("fine-tuning"), help="folder of the runs"
    )
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()

    few, others = few_and_others(options)
    shape = ["--size", options.size, "--filters", options.filters]
    common = ["--batch-size", options.batch_size, "--seed", str(options.seed)]
    model = options.model or options.output / "source"
    trained = None
    if options.model is None:
        trained = train(
            options.source, model, *shape, *common, "--steps", str(options.source_steps)
        )
    common += ["--steps", str(options.steps)]
    runs = {"nothing": shape, "model": ["--from", str(model)]}
    for stages in options.freeze:
        runs[f"model, {stages} frozen"] = ["--from", str(model), "--freeze", str(stages)]
    results: dict[str, Any] = {}
    for name, given in runs.items():
        run = options.output / name.replace(", ", "-").replace(" ", "-")
        results[name] = train(few, run, *given, *common)
        game = keras.models.load_model(run / "model.keras", compile=False)
        height, width, channels = game.samples.specification.shape[1:]
        streams = [
            kerasgan.datasets.image_stream(folder, size=(height, width), channels=channels)
            for folder in (others, few)
        ]
        real, seen = (each.normalization(each.images(range(len(each)))) for each in streams)
        features = (
            random_features((height, width, channels))
            if options.features is None
            else keras.models.load_model(options.features)
        )
        results[name] |= scores(real, game.generate(len(real), seed=options.seed), features)
        results["the few pictures themselves"] = scores(real, seen, features)
    recipe = ("pictures", "size", "filters", "source_steps", "steps", "batch_size", "seed")
    answer = {
        "benchmark": "fine_tuning",
        **surroundings(),
        "recipe": {
            **{name: getattr(options, name) for name in recipe},
            "features": "random" if options.features is None else options.features.name,
            "pictures_left_out": len(list(others.iterdir())),
        },
        "source": trained,
        "results": results,
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
