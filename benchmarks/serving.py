"""Measures examples/serving: requests per second and waiting times, and a killed server.

    python benchmarks/serving.py --record benchmarks/results/serving.json

The model is the conditional GAN of examples/conditional_digits.py, untrained, with images baked in. Clients
and server share the machine, so that the clients' own work counts too.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
import tempfile
from pathlib import Path

import keras
from measuring import report, surroundings

import kerasgan

EXAMPLES = Path(__file__).parents[1] / "examples"
CLIENTS = [1, 8, 64]


def main() -> None:
    """Exports, measures and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="for each number of clients")
    parser.add_argument("--record", type=Path, metavar="FILE", help="JSON file to write")
    options = parser.parse_args()
    sys.path[:0] = [str(EXAMPLES), str(EXAMPLES / "serving")]
    from conditional_digits import CLASSES, conditional_gan
    from load_test import measure

    keras.utils.set_random_seed(0)
    data = kerasgan.datasets.digits()
    gan = conditional_gan(data.sample_shape, steps=1)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "digits"
        gan.export(model, verbose=False, normalization=data.normalization)
        results = measure(model, CLASSES, CLIENTS, options.seconds, seed=0)
    facts = surroundings()
    facts["versions"]["bentoml"] = importlib.metadata.version("bentoml")
    facts["machine"]["cores_to_run_on"] = len(os.sched_getaffinity(0))
    recipe = {
        "model": "examples/conditional_digits.py, 8x8 images",
        "requests": "generate as JSON and as PNG, decode as JSON; 1, 1, 4 or 16 samples, at random",
        "seconds": options.seconds,
    }
    report({"benchmark": "serving", **facts, "recipe": recipe, "results": results}, options.record)


if __name__ == "__main__":
    main()
