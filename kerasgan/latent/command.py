"""`python -m kerasgan.latent`: the latent tools for a saved model."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasgan import datasets
from kerasgan.latent import interpolation, truncation
from kerasgan.latent.interpolation import interpolate
from kerasgan.latent.inversion import invert
from kerasgan.latent.latent_space import LatentSpace
from kerasgan.latent.neighbors import nearest_neighbors
from kerasgan.latent.truncation import truncate

DESCRIPTION = "Looks into the latent space of a saved kerasgan model, and draws what is there."
EPILOG = """\
examples:
  kerasgan latent interpolate gan.keras --output ways.png
  kerasgan latent truncate gan.keras --thresholds 2 1 0.5 --output truncated.png
  kerasgan latent invert gan.keras --data digits --index 0 7 --output inverted.png
  kerasgan latent neighbors gan.keras --data digits --output neighbors.png

`python -m kerasgan.latent` does the same. MODEL.keras may be the folder of a run of `kerasgan train`.

The same seed gives the same picture.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command.

    Args:
        arguments: The command-line arguments, without the name of the command. Defaults to `None`, those of
            the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m kerasgan.latent",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    tools = add_tools(parser)
    options = parser.parse_args(arguments)
    try:
        run(options)
    except ERRORS as error:
        tools[options.tool].error(str(error))


# What a user can mend.
ERRORS = (ValueError, TypeError, OSError, ImportError, FloatingPointError)


def run(options: argparse.Namespace) -> None:
    """Runs the tool that the command line names.

    Args:
        options: The arguments that a parser with the tools of `add_tools` has parsed.
    """
    report = options.tool_function(options)
    sys.stdout.write(f"{report}Picture: {options.output.resolve()}\n")


def add_tools(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Adds the tools to a parser, and returns the parser of each."""
    tools = parser.add_subparsers(dest="tool", required=True, metavar="TOOL")

    tool = _add(tools, "interpolate", _interpolate, "ways from sample to sample, one in each row")
    tool.add_argument("--rows", type=int, default=4, help="how many ways (default: 4)")
    tool.add_argument("--steps", type=int, default=8, help="samples on each way (default: 8)")
    tool.add_argument(
        "--method",
        choices=interpolation.METHODS,
        help="how to go (default: spherical for a normal prior of several dimensions, linear for others)",
    )

    tool = _add(tools, "truncate", _truncate, "samples from the middle of a normal prior")
    tool.add_argument(
        "--thresholds",
        type=float,
        nargs="+",
        default=[4.0, 2.0, 1.0, 0.5],
        metavar="T",
        help="the threshold of each row, in standard deviations (default: 4 2 1 0.5)",
    )
    tool.add_argument("--count", type=int, default=8, help="how many samples in a row (default: 8)")
    tool.add_argument(
        "--method",
        choices=truncation.METHODS,
        default="resample",
        help="resample makes draws of the truncated normal distribution, clip moves only coordinates beyond "
        "the threshold (default: resample)",
    )

    tool = _add(
        tools, "invert", _invert, "samples, and the nearest samples that the model can make"
    )
    _add_data(tool)
    tool.add_argument(
        "--index",
        type=int,
        nargs="+",
        default=list(range(8)),
        metavar="I",
        help="the positions of the samples among the test examples, or among all examples if there are no "
        "test examples (default: 0 to 7)",
    )
    tool.add_argument("--restarts", type=int, default=4, help="starts for each sample (default: 4)")
    tool.add_argument("--steps", type=int, default=200, help="steps of each descent (default: 200)")
    tool.add_argument(
        "--learning-rate", type=float, default=0.1, help="the learning rate of Adam (default: 0.1)"
    )

    tool = _add(tools, "neighbors", _neighbors, "samples, and the nearest training examples")
    _add_data(tool)
    tool.add_argument("--count", type=int, default=8, help="how many samples (default: 8)")
    tool.add_argument(
        "--neighbors", type=int, default=5, help="neighbors of each sample (default: 5)"
    )
    tool.add_argument(
        "--features",
        type=Path,
        metavar="FILE.keras",
        help="a network: distances are measured in its features (default: in the samples' own values)",
    )
    return dict(tools.choices)


def _add(tools: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    tool: argparse.ArgumentParser = tools.add_parser(
        name, help=summary, description=f"Draws {summary}."
    )
    tool.set_defaults(tool_function=run)
    tool.add_argument("model", type=Path, metavar="MODEL.keras", help="a saved model, or a run")
    tool.add_argument(
        "--output", type=Path, required=True, metavar="FILE.png", help="the picture to write"
    )
    tool.add_argument(
        "--seed", type=int, default=0, help="the same seed draws the same picture (default: 0)"
    )
    tool.add_argument(
        "--condition",
        type=_number,
        nargs="+",
        metavar="VALUE",
        help="for a conditional model: one label for all samples, or one for each row (interpolate), column "
        "(truncate) or sample (invert, neighbors). Or the numbers of one vector",
    )
    tool.add_argument(
        "--value-range",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="the values of black and white (default: the values of --data, or of the model, or else -1 1)",
    )
    tool.add_argument("--scale", type=int, help="how many times pixels are enlarged")
    tool.add_argument(
        "--kind", choices=["images", "curves"], help="needed for sequences of several dimensions"
    )
    return tool


def _add_data(tool: argparse.ArgumentParser) -> None:
    tool.add_argument(
        "--data",
        required=True,
        metavar="NAME|FILE.npz|FOLDER",
        help="the examples, as kerasgan.datasets.load takes them: digits, mnist, a file, pictures",
    )


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _interpolate(options: argparse.Namespace) -> str:
    model = _load_model(options.model)
    interpolate(
        model,
        rows=options.rows,
        steps=options.steps,
        method=options.method,
        condition=_condition(options, model),
        seed=options.seed,
        path=options.output,
        **_drawing(options),
    )
    return ""


def _truncate(options: argparse.Namespace) -> str:
    model = _load_model(options.model)
    truncate(
        model,
        thresholds=options.thresholds,
        count=options.count,
        method=options.method,
        condition=_condition(options, model),
        seed=options.seed,
        path=options.output,
        **_drawing(options),
    )
    return ""


def _invert(options: argparse.Namespace) -> str:
    model = _load_model(options.model)
    data = _load_data(options.data, model)
    x, y = (data.x, data.y) if data.x_test is None else (data.x_test, data.y_test)
    wrong = [index for index in options.index if not 0 <= index < len(x)]
    if wrong:
        raise ValueError(f"--index: expected numbers from 0 to {len(x) - 1}, received {wrong[0]}")
    condition = _condition(options, model)
    if condition is None and model.conditional and y is not None:
        condition = y[options.index]
    found = invert(
        model,
        x[options.index],
        condition=condition,
        restarts=options.restarts,
        steps=options.steps,
        optimizer=keras.optimizers.Adam(options.learning_rate),
        seed=options.seed,
        path=options.output,
        **_drawing(options, data),
    )
    lines = zip(options.index, found.error, strict=True)
    return "".join(f"{index}: mean square error {error:.4g}\n" for index, error in lines)


def _neighbors(options: argparse.Namespace) -> str:
    model = _load_model(options.model)
    data = _load_data(options.data, model)
    features = None if options.features is None else _load_model(options.features)
    condition = {} if options.condition is None else {"condition": _condition(options, model)}
    found = nearest_neighbors(
        model.generate(options.count, seed=options.seed, **condition),
        data.x,
        neighbors=options.neighbors,
        features=features,
        path=options.output,
        **_drawing(options, data),
    )
    rows = zip(found.indices.tolist(), found.distances.tolist(), strict=True)
    return "".join(
        f"{number}: "
        + ", ".join(f"example {i} at {d:.4g}" for i, d in zip(indices, distances, strict=True))
        + "\n"
        for number, (indices, distances) in enumerate(rows)
    )


def _load_model(path: Path) -> Any:
    if (path / "model.keras").is_file():
        path = path / "model.keras"
    # Older formats are refused, because loading them may run code.
    if path.suffix != ".keras" or not path.is_file():
        raise ValueError(f"{path}: expected the folder of a run, or a file that ends in .keras")
    try:
        return keras.saving.load_model(path)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} cannot be loaded: {error}") from error


def _load_data(name: str, model: Any) -> datasets.Dataset:
    sample_shape = LatentSpace(model).sample_shape
    options: dict[str, Any] = {}
    if len(sample_shape) == 3:
        height, width, channels = sample_shape
        if name == "digits":
            options = {"size": height}
        elif os.path.isdir(name):
            options = {"size": (height, width), "channels": channels}
    has_images = len(sample_shape) == 3 or name.endswith(".npz")
    if has_images and model.normalization is not None:
        options["normalization"] = model.normalization
    data = datasets.load(name, **options)
    if data.sample_shape != sample_shape:
        raise ValueError(
            f"--data {name}: expected examples of the model's shape {sample_shape}, received examples of "
            f"shape {data.sample_shape}"
        )
    return data


def _condition(options: argparse.Namespace, model: Any) -> Any:
    if options.condition is None:
        return None
    if not model.conditional:
        raise ValueError(
            f"--condition: {options.model} takes no condition. Leave --condition out, or give a "
            "conditional model"
        )
    shape = LatentSpace(model).condition_shape
    single = len(options.condition) == 1 and shape == ()
    return options.condition[0] if single else np.array(options.condition)


def _drawing(options: argparse.Namespace, data: datasets.Dataset | None = None) -> dict[str, Any]:
    value_range = options.value_range or data
    given = {} if value_range is None else {"value_range": value_range}
    return {**given, "scale": options.scale, "kind": options.kind}
