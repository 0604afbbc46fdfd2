"""`kerasgan evaluate`: compares the pictures of a model with real ones."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasgan import metrics
from kerasgan.command import options as types
from kerasgan.command.errors import CommandError, sentence
from kerasgan.command.models import Loaded, load
from kerasgan.command.pictures import look
from kerasgan.datasets import ImageStream, image_stream

_WIDTHS = (16, 32, 64)
_FEWEST = 8


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "evaluate",
        help="compare a model's pictures with real ones",
        description="Compares pictures of a model with those of a folder. The second column compares two "
        "halves of the real pictures: no model can do better.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a run, or a .keras file")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="real pictures")
    parser.add_argument(
        "--count",
        type=types.positive,
        default=2_000,
        help="compare at most this many pictures (default: 2000)",
    )
    parser.add_argument(
        "--features",
        type=Path,
        metavar="FILE.keras",
        help="a network that takes pictures in [-1, 1]: its features are compared (default: a small network "
        "with random weights)",
    )
    parser.add_argument(
        "--on-error",
        choices=["raise", "skip"],
        default="raise",
        help="skip leaves out files that cannot be read (default: raise, an error)",
    )
    parser.add_argument(
        "--seed",
        type=types.seed,
        default=0,
        help="the same seed compares the same pictures (default: 0)",
    )


def run(options: argparse.Namespace) -> int:
    """Compares, and prints a table."""
    loaded = load(options.model)
    shape = tuple(loaded.game.samples.specification.shape[1:])
    if len(shape) != 3:
        raise CommandError(f"{loaded.path} makes samples of shape {shape}, not pictures.")
    stream = _real(options, loaded, shape)
    count = min(options.count, len(stream))
    if count < _FEWEST:
        raise CommandError(
            f"FOLDER {options.folder} has {count} pictures. Give at least {_FEWEST}."
        )
    order = np.random.default_rng(options.seed).permutation(len(stream))[:count]
    real = stream.normalization(stream.images(np.sort(order)))
    fake = stream.normalization(
        loaded.normalization.invert(_generated(options, loaded, stream, np.sort(order)))
    )
    features = _features(options, shape)
    mixed = real[np.random.default_rng(options.seed).permutation(count)]
    first, second = mixed[: count // 2], mixed[count // 2 :]
    rows = [
        (name, better, compare(real, fake), compare(first, second))
        for name, better, compare in _comparisons(features, count)
    ]
    height, width = shape[:2]
    lines = [
        f"{count:,} real and {count:,} generated pictures of {height}×{width}, seed {options.seed}",
        "",
        f"{'':<20}{'generated':>12}{'real halves':>14}   better",
        *(f"{name:<20}{_shown(a):>12}{_shown(b):>14}   {better}" for name, better, a, b in rows),
        "",
        "Compare values of the same folder, count and features only.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _real(options: argparse.Namespace, loaded: Loaded, shape: tuple[int, ...]) -> ImageStream:
    look(options.folder, options.on_error)
    reading: dict[str, Any] = {} if loaded.settings is None else dict(loaded.settings.reading)
    reading |= {"on_error": options.on_error, "flip": None}
    try:
        return image_stream(options.folder, size=(shape[0], shape[1]), channels=shape[2], **reading)
    except (ValueError, OSError) as error:
        raise CommandError(sentence(error)) from error


def _generated(
    options: argparse.Namespace, loaded: Loaded, stream: ImageStream, chosen: np.ndarray
) -> np.ndarray:
    condition: dict[str, Any] = {}
    if loaded.game.conditional:
        names = loaded.class_names
        if names is None:
            raise CommandError(f"{loaded.path} has classes. Give the run that it comes from.")
        same = stream.y is not None and list(stream.class_names or ()) == names
        # The classes of the real pictures, if they are those of the model.
        labels = stream.y[chosen] if same else np.arange(len(chosen)) % len(names)  # type: ignore[index]
        condition = {"condition": labels}
    samples: np.ndarray = loaded.game.generate(len(chosen), seed=options.seed, **condition)
    return samples


def _features(options: argparse.Namespace, shape: tuple[int, ...]) -> keras.Model:
    if options.features is None:
        return random_features(shape)
    if options.features.suffix != ".keras" or not options.features.is_file():
        raise CommandError(f"--features {options.features}: there is no such .keras file.")
    try:
        return keras.saving.load_model(options.features)
    except (ValueError, TypeError, OSError) as error:
        raise CommandError(f"--features {options.features}: {sentence(error)}") from error


def random_features(shape: tuple[int, ...]) -> keras.Model:
    """Returns a small convolutional network with random weights, the same for every run.

    Its features are means over the picture of what its stages see: colors, edges, small shapes. They need no
    download and no training. They tell far less than the features of a trained network.
    """
    layers = keras.layers
    inputs = x = keras.Input(shape)
    found = []
    for seed, width in enumerate(_WIDTHS):
        start = keras.initializers.HeNormal(seed=seed)
        x = layers.Conv2D(
            width, 3, strides=2, padding="same", activation="relu", kernel_initializer=start
        )(x)
        found.append(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Concatenate()(found))


def _comparisons(features: Any, count: int) -> list[tuple[str, str, Any]]:
    def by(metric: Any, index: int | None = None) -> Any:
        def compare(real: np.ndarray, fake: np.ndarray) -> float:
            metric.reset_state()
            metric.update_state(real, fake)
            result = metric.result()
            return float(result if index is None else list(result.values())[index])

        return compare

    found: list[tuple[str, str, Any]] = [
        ("kernel distance", "lower", by(metrics.KernelDistance(features)))
    ]
    # It needs more samples than features, in each half too.
    if count // 2 > features.output_shape[-1]:
        found.append(("Fréchet distance", "lower", by(metrics.FrechetDistance(features))))
    found += [
        ("precision", "higher", by(metrics.PrecisionRecall(features=features), 0)),
        ("recall", "higher", by(metrics.PrecisionRecall(features=features), 1)),
        ("spread", "as real", lambda real, fake: _spread(fake)),
    ]
    return found


def _spread(samples: np.ndarray) -> float:
    """Returns the root mean square difference of two samples, for each pixel."""
    return float(np.sqrt(2.0 * np.var(samples, axis=0, dtype="float64").mean()))


def _shown(value: float) -> str:
    return f"{value:.4g}"
