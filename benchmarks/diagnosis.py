"""Measures how often `kerasgan.callbacks.Diagnosis` is right.

Small games, some made to fail in one of the ways that it watches for and some healthy, are played with
several seeds. The thresholds have reasons (`docs/diagnosis.md`); seeds below 100 were looked at while they
were set, and the recorded rates are those of seeds from 100 on.

What a game has come to is measured too, with what the callback cannot know: the centers of the modes, samples
that nobody has trained on, and the discriminator's accuracy on these.

    python benchmarks/diagnosis.py
    python benchmarks/diagnosis.py --record benchmarks/results/diagnosis.json

The line of JSON is printed and recorded after every seed.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from measuring import report, surroundings

import kerasgan

BATCH_SIZE = 64
ROUNDS_PER_EPOCH = 350
KINDS = (
    "discriminator_saturation",
    "vanishing_generator_signal",
    "mode_collapse",
    "oscillation",
    "memorization",
    "non_finite",
)


@dataclass(frozen=True)
class Case:
    """A game, and what is to be found in it.

    Attributes:
        data: The name of the data.
        expected: The kind of failure that it was made for; `None` for a healthy game.
        compile: The arguments of `compile`, made anew for each game.
        units: Units of the hidden layers of the generator and of the discriminator.
        latent: Size of the generator's input.
        training: How many samples to train on; `None` for all.
        model: Makes another model than a `GAN` of perceptrons.
        epochs: How many, of 350 rounds each.
    """

    data: str
    expected: str | None
    compile: Callable[[], dict[str, Any]] = field(default=dict)
    units: tuple[int, int] = (64, 64)
    latent: int = 8
    training: int | None = None
    model: Callable[[tuple[int, ...]], Any] | None = None
    epochs: int = 6


def adam(
    generator: float, discriminator: float | None = None, beta_1: float = 0.5, **others: Any
) -> Callable[[], dict[str, Any]]:
    """Returns what makes the arguments of `compile`, with Adam for both players."""
    rates = {
        "generator_optimizer": generator,
        "discriminator_optimizer": generator if discriminator is None else discriminator,
    }

    def make() -> dict[str, Any]:
        made = {name: keras.optimizers.Adam(rate, beta_1) for name, rate in rates.items()}
        return {**made, **others}

    return make


def weak(**others: Any) -> Callable[[], dict[str, Any]]:
    """Returns the same, with a generator that follows its gradient as small as it is."""
    optimizers = (keras.optimizers.SGD, 0.01), (keras.optimizers.Adam, 1e-3)
    names = ("generator_optimizer", "discriminator_optimizer")

    def make() -> dict[str, Any]:
        made = {name: kind(rate) for name, (kind, rate) in zip(names, optimizers, strict=True)}
        return {**made, **others}

    return make


def descent(rate: float, **others: Any) -> Callable[[], dict[str, Any]]:
    """Returns what makes the arguments of `compile`, with gradient descent for both players."""
    names = ("generator_optimizer", "discriminator_optimizer")
    return lambda: {**{name: keras.optimizers.SGD(rate) for name in names}, **others}


def auto_encoder(shape: tuple[int, ...]) -> Any:
    """Returns an adversarial auto-encoder of perceptrons."""
    mlp = kerasgan.networks.mlp
    return kerasgan.AdversarialAutoEncoder(mlp(shape, [64], 4), mlp(4, [64], shape), mlp(4, [64]))


RELATIVISTIC = {
    "loss": "relativistic",
    "penalties": [kerasgan.penalties.R1(0.1), kerasgan.penalties.R2(0.1)],
}
R1 = {"penalties": [kerasgan.penalties.R1(0.1)]}

CASES = {
    # Healthy.
    "ring, non-saturating, R1": Case("ring", None, adam(1e-3, **R1), (128, 128)),
    "ring, relativistic, R1 and R2": Case(
        "ring", None, adam(1e-3, beta_1=0.0, **RELATIVISTIC), (128, 128)
    ),
    "ring, Wasserstein, gradient penalty": Case(
        "ring",
        None,
        adam(
            5e-4,
            loss="wasserstein",
            penalties=[kerasgan.penalties.WassersteinGradientPenalty(0.1)],
            discriminator_steps=5,
        ),
    ),
    "digits, non-saturating, R1": Case("digits", None, adam(1e-3, **R1), (128, 128), 16),
    "digits, auto-encoder": Case("digits", None, adam(1e-3), model=auto_encoder),
    # Made to fail.
    "digits, discriminator 100 times faster": Case(
        "digits", "discriminator_saturation", adam(1e-5, 1e-3)
    ),
    "digits, minimax, generator by gradient descent": Case(
        "digits", "vanishing_generator_signal", weak(loss="minimax")
    ),
    "ring, fast generator": Case("ring", "mode_collapse", adam(5e-3, 1e-3)),
    "digits, fast generator": Case("digits", "mode_collapse", adam(1e-2, 1e-3)),
    "ring, latent scale of 0.001": Case("ring", "mode_collapse", adam(2e-4), latent=-1),
    "gaussian, momentum of 0.99": Case("gaussian", "oscillation", adam(5e-3, beta_1=0.99)),
    "ring, momentum of 0.9, fast": Case("ring", "oscillation", adam(1e-2, beta_1=0.9)),
    "digits, 32 examples": Case(
        "digits", "memorization", adam(1e-3, **R1), (256, 256), 16, training=32, epochs=8
    ),
    "ring, Wasserstein, no constraint, gradient descent": Case(
        "ring", "non_finite", descent(0.5, loss="wasserstein")
    ),
    "digits, gradient descent, rate of 10": Case(
        "digits", "non_finite", descent(10.0, loss="least_squares")
    ),
}


def samples(data: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns samples to train on, and others."""
    if data == "ring":
        x = kerasgan.datasets.ring(stddev=0.05, count=8000, seed=seed).x
    elif data == "gaussian":
        x = np.random.default_rng(seed).normal(1.0, 0.5, (8000, 2)).astype("float32")
    else:
        digits = kerasgan.datasets.digits(test_fraction=0.3, seed=seed)
        return digits.x, digits.x_test
    return x[:6400], x[6400:]


def make(case: Case, shape: tuple[int, ...]) -> Any:
    """Returns the compiled model."""
    mlp = kerasgan.networks.mlp
    if case.model is not None:
        model = case.model(shape)
    else:
        prior = kerasgan.priors.Normal(stddev=0.001) if case.latent < 0 else None
        sizes = [[units, units] for units in case.units]
        generator = mlp(8 if case.latent < 0 else case.latent, sizes[0], shape)
        model = kerasgan.GAN(generator, mlp(shape, sizes[1], activation="leaky_relu"), prior)
    model.compile(steps_per_execution=50, **case.compile())
    return model


def play(case: Case, seed: int, epochs: int | None = None) -> dict[str, Any]:
    """Plays a game, and returns what was found and what it came to."""
    keras.utils.set_random_seed(seed)
    x, others = samples(case.data, seed)
    x = x[: case.training]
    model = make(case, x.shape[1:])
    rounds = BATCH_SIZE * ROUNDS_PER_EPOCH * model.steps_per_round
    diagnosis = kerasgan.callbacks.Diagnosis(x)
    start = time.process_time()
    finite = True
    try:
        model.fit(
            np.resize(x, (rounds, *x.shape[1:])),
            batch_size=BATCH_SIZE,
            epochs=epochs or case.epochs,
            verbose=0,
            callbacks=[diagnosis],
        )
    except FloatingPointError:
        finite = False
    found = {finding["kind"]: finding["epoch"] for finding in reversed(diagnosis.findings)}
    result = {"found": found, "seconds": round(time.process_time() - start, 1)}
    return {
        **result,
        "finite": finite,
        **(came_to(model, case, x, others) if finite else {}),
        "measurements": diagnosis.measurements,
    }


def came_to(model: Any, case: Case, x: np.ndarray, others: np.ndarray) -> dict[str, float]:
    """Measures with what the callback cannot know."""
    generated = model.generate(1024, seed=1)
    result: dict[str, float] = {}
    if case.data == "ring":
        centers = kerasgan.datasets.ring_centers()
        distances = np.linalg.norm(generated[:, None] - centers, axis=-1)
        near = np.bincount(distances.argmin(axis=1)[distances.min(axis=1) < 0.25], minlength=8)
        result["modes"] = int((near > 1024 / 8 / 4).sum())
    judged = [model.discriminate(part) for part in (others, generated)]
    # The share of pairs that are ranked wrongly, for scores and probabilities alike.
    result["ranked_wrongly"] = round(float(np.mean(judged[0][:, None] < judged[1])), 4)

    def distance(samples: np.ndarray) -> float:
        gaps = samples.reshape(len(samples), 1, -1)[:512] - x.reshape(1, len(x), -1)[:, :2048]
        return float(np.median(np.linalg.norm(gaps, axis=-1).min(axis=1)))

    result["distance_ratio"] = round(distance(generated) / distance(others), 3)
    return result


def rates(runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Returns in how many runs each kind was found, case by case, and the sums."""
    cases = {
        name: {
            "expected": CASES[name].expected,
            "runs": len(results),
            "found": {
                kind: count
                for kind in KINDS
                if (count := sum(kind in result["found"] for result in results))
            },
        }
        for name, results in runs.items()
    }
    kinds = {}
    for kind in KINDS:
        made = [name for name in runs if CASES[name].expected == kind]
        healthy = [name for name in runs if CASES[name].expected is None]
        kinds[kind] = {
            "alarms": sum(cases[name]["found"].get(kind, 0) for name in made),
            "made_to_fail": sum(cases[name]["runs"] for name in made),
            "false_alarms": sum(cases[name]["found"].get(kind, 0) for name in healthy),
            "healthy": sum(cases[name]["runs"] for name in healthy),
        }
    return {"kinds": kinds, "cases": cases}


def main() -> None:
    """Plays all games with all seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=4, help="games of each case (default: 4)")
    parser.add_argument("--first-seed", type=int, default=100, help="(default: 100)")
    parser.add_argument("--epochs", type=int, help="of 350 rounds (default: as each case has it)")
    parser.add_argument("--only", default="", help="cases with this in their names")
    parser.add_argument("--measurements", action="store_true", help="print those of every check")
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    options = parser.parse_args()
    if options.seeds < 1:
        parser.error("--seeds must be positive")

    logging.getLogger("kerasgan").setLevel(logging.ERROR)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    runs: dict[str, list[dict[str, Any]]] = {}
    for done, seed in enumerate(seeds, start=1):
        for name, case in CASES.items():
            if options.only in name:
                result = play(case, seed, options.epochs)
                keras.backend.clear_session()
                measurements = result.pop("measurements")
                if options.measurements:
                    print(name, seed, result, *map(_rounded, measurements), sep="\n    ")
                runs.setdefault(name, []).append({"seed": seed, **result})
        report(
            {
                "benchmark": "diagnosis",
                **surroundings(),
                "recipe": {
                    "seeds": list(seeds[:done]),
                    "batch_size": BATCH_SIZE,
                    "rounds_per_epoch": ROUNDS_PER_EPOCH,
                    "epochs": options.epochs or {name: CASES[name].epochs for name in runs},
                },
                **rates(runs),
                "games": runs,
            },
            options.record,
        )


def _rounded(measured: dict[str, Any]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in measured.items() if name != "cells"}


if __name__ == "__main__":
    main()
