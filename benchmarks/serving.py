"""Measures examples/serving: requests per second and waiting times, and a killed server.

    python benchmarks/serving.py --record benchmarks/results/serving.json

The model is the conditional GAN of examples/conditional_digits.py, untrained, with images of two sizes baked
in. Each is served twice: with the requests to /generate computed together, and, from an export without
`sample_latent`, with each computed on its own. Clients and server share the machine, so that the clients' own
work counts too; the processor time is the server's alone.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

import keras
from measuring import report, surroundings

import kerasgan

EXAMPLES = Path(__file__).parents[1] / "examples"
CLIENTS = [1, 8, 64]
SIZES = [8, 28]


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
    results, load = {}, [os.getloadavg()[0]]
    for size in SIZES:
        gan = conditional_gan((size, size, 1), steps=1)
        uses = gan.signatures()
        for way, left_out in (("together", None), ("alone", "sample_latent")):
            kept = {name: use for name, use in uses.items() if name != left_out}
            with tempfile.TemporaryDirectory() as folder:
                model = Path(folder) / "model"
                with mock.patch.object(gan, "signatures", return_value=kept):
                    gan.export(model, verbose=False, normalization=data.normalization)
                result = measure(model, CLASSES, CLIENTS, options.seconds, seed=0)
            results[f"{size}x{size}, generate {way}"] = result
            load.append(os.getloadavg()[0])
    facts = surroundings()
    facts["versions"]["bentoml"] = importlib.metadata.version("bentoml")
    facts["machine"]["cores_to_run_on"] = len(os.sched_getaffinity(0))
    facts["machine"]["load_before_and_after_each"] = [round(each, 1) for each in load]
    recipe = {
        "model": "examples/conditional_digits.py, at the size of its digits and at 28x28",
        "requests": "generate as JSON and as PNG, decode as JSON; 1, 1, 4 or 16 samples, at random",
        "seconds": options.seconds,
    }
    report({"benchmark": "serving", **facts, "recipe": recipe, "results": results}, options.record)


if __name__ == "__main__":
    main()
