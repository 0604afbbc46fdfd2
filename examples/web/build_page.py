"""Makes a folder with a page that draws with an exported generator, in the browser alone.

Any file server can serve the page. The server computes nothing, and the page loads nothing from other
servers:

    npm ci --ignore-scripts --prefix examples/web
    python examples/web/build_page.py digits.onnx --output outputs/page
    python -m http.server --bind 127.0.0.1 --directory outputs/page

Give the file of `model.export("digits.onnx", format="onnx")`, preferably exported with the `normalization` of
the data. Or give a whole `.keras` model, which is then exported first. The model takes latent samples, and
integer labels if it is conditional. It must make gray or color pictures. The script reads what the page must
know from the file, or finds it by running the model. You need `pip install "kerasgan[export]"`,
and npm.

The sliders move along the directions in which pictures change most. They are the eigenvectors of J^T J,
averaged over latent points. J is the derivative of the picture with respect to the latent point (Wang & Ponce
2021, arXiv:2101.06006).
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

import kerasgan

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where `command_line.py` is
import command_line

with command_line.extra("export"):
    import onnxruntime

HERE = Path(__file__).parent
PAGE = ("index.html", "style.css", "icon.svg", "app.js", "latent.js", "generator.js")
RUNTIME = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
MODEL = ("model.json", "model.onnx")
LABELS = {"tensor(int32)": "int32", "tensor(int64)": "int64"}
MOST_CLASSES = 100
AT_ONCE = 256


class Generator:
    """An exported generator, with what a page must know about it.

    Args:
        path: The ONNX file.
        prior: The prior of latent points: a `Normal` or a `Uniform`.
        labels: The names of the classes. Defaults to `None`: their numbers, as many as the model takes.
        value_range: The values of black and white. Defaults to `None`: decided by the type of the samples, or
            by their values.

    Raises:
        ValueError: If the page cannot draw with the model.
    """

    def __init__(
        self,
        path: Path,
        prior: kerasgan.priors.Prior,
        labels: list[str] | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # `_knows` tries classes that do not exist
        try:
            self.session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise ValueError(f"{path} is not an ONNX model: {error}") from error
        inputs = {item.name: item for item in self.session.get_inputs()}
        outputs = {item.name: item for item in self.session.get_outputs()}
        if (
            "latent" not in inputs
            or inputs.keys() - {"latent", "condition"}
            or list(outputs) != ["samples"]
        ):
            raise ValueError(
                "Expected a model from `latent`, and `condition` if it is conditional, to `samples`. "
                f"{path} is a model from {', '.join(inputs)} to {', '.join(outputs)}."
            )
        self.prior = prior
        self.deviation = _deviation(prior)
        self.latent_shape = [int(length) for length in inputs["latent"].shape[1:]]
        self.size = math.prod(self.latent_shape)
        self.condition_type = None
        self.labels = labels or []
        if "condition" in inputs:
            self.condition_type = LABELS.get(inputs["condition"].type)
            if len(inputs["condition"].shape) != 1 or self.condition_type is None:
                raise ValueError(
                    f"Expected integer labels as conditions. {path} takes other conditions."
                )
            self.labels = labels or [str(label) for label in range(self._count_classes())]
            if not self._knows(len(self.labels) - 1):
                raise ValueError(
                    f"{path} has no class {len(self.labels) - 1} (the first class is 0)."
                )
        elif labels:
            raise ValueError(f"{path} takes no classes.")
        samples = self.samples(self.draw(64, seed=0), np.arange(64) % max(1, len(self.labels)))
        self.sample_shape = list(samples.shape[1:])
        if len(self.sample_shape) != 3 or self.sample_shape[2] not in (1, 3):
            raise ValueError(
                "Expected a model of pictures (height, width, 1 or 3). "
                f"{path} makes samples of shape {tuple(self.sample_shape)}."
            )
        self.value_range = value_range or self._value_range(samples)

    def draw(self, count: int, seed: int) -> np.ndarray:
        """Returns latent points `(count, size)`."""
        points = self.prior.draw((count, self.size), seed)
        return keras.ops.convert_to_numpy(points)

    def samples(self, points: np.ndarray, labels: Any) -> np.ndarray:
        """Returns the pictures of latent points `(count, size)`."""
        parts = []
        labels = np.broadcast_to(labels, len(points))
        for start in range(0, len(points), AT_ONCE):
            part = np.reshape(points[start : start + AT_ONCE], (-1, *self.latent_shape))
            inputs = {"latent": part.astype("float32")}
            if self.condition_type:
                chosen = labels[start : start + AT_ONCE]
                inputs["condition"] = chosen.astype(self.condition_type)
            parts.append(self.session.run(["samples"], inputs)[0])
        return np.concatenate(parts)

    def directions(self, count: int, points: int = 20, step: float = 0.5) -> np.ndarray:
        """Returns the directions in which pictures change most: orthogonal unit vectors `(count, size)`.

        Args:
            count: The number of directions, at most the latent size.
            points: The number of points of the prior to average over. Defaults to 20.
            step: The step of the central differences, in standard deviations. It is large enough for pictures
                in uint8. Defaults to 0.5.
        """
        total = np.zeros((self.size, self.size))
        steps = step * self.deviation * np.eye(self.size)
        for index, point in enumerate(self.draw(points, seed=1)):
            label = index % max(1, len(self.labels))
            around = np.concatenate([point + steps, point - steps])
            pictures = self.samples(around, label).reshape(2, self.size, -1).astype("float64")
            change = pictures[0] - pictures[1]
            total += change @ change.T
        vectors = np.linalg.eigh(total)[1].T[::-1][:count]
        # The sign of an eigenvector is arbitrary. With a positive largest entry, all machines agree.
        largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1, keepdims=True), axis=1)
        return vectors * np.sign(largest)

    def description(self, title: str, sliders: int) -> dict[str, Any]:
        """Returns the description that the page reads."""
        kind = type(self.prior).__name__.lower()
        config = self.prior.get_config()
        condition = {"name": "condition", "type": self.condition_type, "labels": self.labels}
        samples = {"name": "samples", "shape": self.sample_shape, "range": list(self.value_range)}
        return {
            "title": title,
            "latent": {"name": "latent", "shape": self.latent_shape},
            "condition": condition if self.condition_type else None,
            "samples": samples,
            "prior": {"name": kind, **{key: config[key] for key in config if key != "shape"}},
            "directions": self.directions(min(sliders, self.size)).round(7).tolist(),
        }

    def _count_classes(self) -> int:
        for label in range(1, MOST_CLASSES + 1):
            if not self._knows(label):
                return label
        raise ValueError(
            f"The model takes more than {MOST_CLASSES} classes, or any number. Say how many with --classes."
        )

    def _knows(self, label: int) -> bool:
        try:
            self.samples(np.zeros((1, self.size)), label)
        except onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument:
            return False  # the runtime raises an error for a class that does not exist
        return True

    def _value_range(self, samples: np.ndarray) -> tuple[float, float]:
        if samples.dtype == np.uint8:
            return 0.0, 255.0
        low, high = float(samples.min()), float(samples.max())
        # A sigmoid or a hyperbolic tangent at the end has this range.
        for limits in ((0.0, 1.0), (-1.0, 1.0)):
            if limits[0] - 1e-3 <= low and high <= limits[1] + 1e-3:  # rounding
                return limits
        raise ValueError(
            f"Samples go from {low:.3g} to {high:.3g}. Export with `normalization`, or give the values of "
            "black and white with --value-range."
        )


def _deviation(prior: Any) -> float:
    if isinstance(prior, kerasgan.priors.Uniform):
        return (prior.high - prior.low) / math.sqrt(12.0)
    if isinstance(prior, kerasgan.priors.Normal):
        return prior.stddev
    raise ValueError(
        f"The page draws from normal and uniform priors. The model's is a {type(prior).__name__}."
    )


def write_page(
    generator: Generator, model: Path, runtime: Path, folder: Path, **texts: Any
) -> None:
    """Writes the folder. It is either complete or as it was before."""
    missing = [name for name in RUNTIME if not (runtime / name).is_file()]
    if missing:
        raise ValueError(
            f"{runtime} lacks {' and '.join(missing)}. Run `npm ci --ignore-scripts --prefix {HERE}` first."
        )
    others = {path.name for path in folder.glob("*")} - {*PAGE, *RUNTIME, *MODEL}
    if others or folder.is_file():
        raise ValueError(
            f"{folder} is not an earlier page to replace: it holds {', '.join(others)}."
        )
    description = json.dumps(generator.description(**texts), ensure_ascii=False)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
        page = Path(beside, "new")
        page.mkdir()
        for path in (*(HERE / name for name in PAGE), *(runtime / name for name in RUNTIME)):
            shutil.copyfile(path, page / path.name)
        shutil.copyfile(model, page / "model.onnx")
        (page / "model.json").write_text(description, encoding="utf-8")
        if folder.exists():
            folder.rename(Path(beside, "old"))
        page.rename(folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """Builds the page. The arguments come from the command line, unless `arguments` are given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="an .onnx or a .keras file")
    parser.add_argument(
        "--output",
        type=Path,
        default="outputs/page",
        help="folder of the page (default: outputs/page)",
    )
    parser.add_argument("--title", default="Latent space", help="title of the page")
    parser.add_argument("--sliders", type=int, default=8, help="number of sliders (default: 8)")
    parser.add_argument(
        "--prior",
        choices=["normal", "uniform"],
        help="prior of an .onnx file: standard normal (default), or uniform in [-1, 1]. A .keras file "
        "knows its prior",
    )
    classes = parser.add_mutually_exclusive_group()
    classes.add_argument(
        "--classes", type=int, help="number of classes (default: as many as the model takes)"
    )
    classes.add_argument("--labels", nargs="+", help="names of the classes")
    parser.add_argument(
        "--value-range",
        nargs=2,
        type=float,
        metavar=("BLACK", "WHITE"),
        help="black and white of float32 samples (default: [0, 1] or [-1, 1], decided by their values)",
    )
    parser.add_argument(
        "--node-modules",
        type=Path,
        default=HERE / "node_modules",
        help="folder where npm installed onnxruntime-web (default: next to this script)",
    )
    options = parser.parse_args(arguments)
    for name in ("sliders", "classes"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            parser.error(f"--{name} must be positive, not {getattr(options, name)}")
    if options.value_range and not options.value_range[0] < options.value_range[1]:
        parser.error("--value-range must have the lower value first")
    if options.prior and options.model.suffix == ".keras":
        parser.error("--prior is for .onnx files. A .keras file knows its prior")
    if not options.model.is_file():
        parser.error(f"there is no file {options.model}")
    labels = options.labels or [str(label) for label in range(options.classes or 0)]
    try:
        with tempfile.TemporaryDirectory() as scratch:
            model = options.model
            prior: Any = kerasgan.priors.get(options.prior or "normal")
            if model.suffix == ".keras":
                whole = keras.models.load_model(model)
                model = Path(scratch) / "model.onnx"
                prior = getattr(whole, "prior", None)
                whole.export(model, format="onnx", verbose=False)
            generator = Generator(model, prior, labels, options.value_range)
            write_page(
                generator,
                model,
                options.node_modules / "onnxruntime-web" / "dist",
                options.output,
                title=options.title,
                sliders=options.sliders,
            )
    except (ValueError, TypeError, OSError, ImportError, RuntimeError) as error:
        parser.error(str(error))
    height, width, channels = generator.sample_shape
    low, high = generator.value_range
    sys.stdout.write(
        f"Pictures: {width} x {height}, {'gray' if channels == 1 else 'color'}, from {low:g} to {high:g}\n"
        f"Latent:   {generator.size} numbers, {type(generator.prior).__name__.lower()}\n"
        f"Classes:  {', '.join(generator.labels) or 'none'}\n"
        f"Page:     {options.output.resolve()}\n"
        f"Serve it: python -m http.server --bind 127.0.0.1 --directory {shlex.quote(str(options.output))}\n"
    )


if __name__ == "__main__":
    main()
