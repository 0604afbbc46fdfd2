"""Checks the gradient of a gradient penalty through every layer of Keras by finite differences.

A penalty differentiates a gradient, so each layer of a discriminator must be differentiable twice. Here each
layer stands between dense layers and tanh, in float64, and R1 is differentiated for all weights and for the
samples. Two differences are taken along a random direction: of the score, which checks the gradients that the
penalty is made of, and of the penalty, which checks the penalty's gradient.

    python benchmarks/penalized_layers.py
    python benchmarks/penalized_layers.py --only Resizing
    python benchmarks/penalized_layers.py --write docs/penalties.md

The last one writes the table of the document. The tests check the same layers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from kerasgan.backend import (
    operations_without_gradient,
    undifferentiable_operations,
    value_and_gradients,
)
from kerasgan.penalties import R1, Encounter

ROWS = 3
VECTOR, SEQUENCE, IMAGE, VOLUME = (6,), (3, 4), (4, 4, 2), (2, 4, 4, 2)
PICTURE, SOUND = (6, 6, 3), (48,)
# The largest relative errors. A difference of values that are rounded to float32 knows no more digits.
TOLERANCES = {"float64": 1e-6, "float32": 1e-2}
# No place for them between the samples and the score, or nothing of their own to differentiate.
ELSEWHERE = {
    **dict.fromkeys(
        ["Layer", "Wrapper", "InputLayer", "InputSpec", "Pipeline", "RNN"],
        "what layers are made of",
    ),
    **dict.fromkeys(["Embedding", "ReversibleEmbedding", "CategoryEncoding"], "takes integers"),
    **dict.fromkeys(["Discretization", "HashedCrossing", "Hashing"], "gives integers"),
    **dict.fromkeys(["IntegerLookup", "StringLookup", "TextVectorization"], "gives integers"),
    **dict.fromkeys(["FlaxLayer", "JaxLayer", "TorchModuleWrapper"], "another framework's"),
    **dict.fromkeys(["AugMix", "RandAugment"], "made of other layers, some of which move in steps"),
    "MaxNumBoundingBoxes": "of labels",
    "TFSMLayer": "a SavedModel's, with the gradients that it was saved with",
}
# Where the table begins and ends in the document.
BEGIN, END = "<!-- begin: benchmarks/penalized_layers.py -->", "<!-- end -->"


@dataclass(frozen=True)
class Case:
    """A layer to be checked.

    Attributes:
        make: Makes the layer, or a layer that uses it.
        shape: The shape of what comes into it, without the batch.
        dtype: What it computes in: float32 where TensorFlow has it in nothing else.
        wanted: What is to come of it: `"right"`; `"refused"`, when a game is compiled; or `"constant"`, where
            the outputs do not depend on the inputs but in steps, and the gradient is 0.
    """

    make: Callable[[], keras.layers.Layer]
    shape: tuple[int, ...] = VECTOR
    dtype: str = "float64"
    wanted: str = "right"


@dataclass(frozen=True)
class Result:
    """What came of a layer: derivatives along a random direction, and what the package says of it.

    Attributes:
        score: The derivative of the summed score, and the difference that it is to equal.
        penalty: The derivative of R1, and the difference.
        faults: Why a game with such a discriminator and the penalty is refused, if it is.
    """

    score: tuple[float, float]
    penalty: tuple[float, float]
    faults: list[tuple[str, str, str]]

    @property
    def errors(self) -> tuple[float, float]:
        """The relative errors of the two derivatives."""
        score, penalty = (
            abs(derivative - difference) / max(abs(difference), 1e-6)
            for derivative, difference in (self.score, self.penalty)
        )
        return score, penalty


class Applied(layers.Layer):
    """A layer, or none, in a function of an input."""

    def __init__(
        self, function: Callable[..., Any], layer: keras.layers.Layer | None = None
    ) -> None:
        super().__init__()
        self.function, self.layer = function, layer

    def call(self, inputs: Any) -> Any:
        """Returns the function's value."""
        return self.function(inputs) if self.layer is None else self.function(self.layer, inputs)


def of_pixels(layer: keras.layers.Layer) -> Applied:
    """Returns a layer of images whose values are from 0 to 255, as one of values from -1 to 1."""
    return Applied(lambda layer, x: layer(127.5 * (x + 1.0), training=True) / 127.5 - 1.0, layer)


def cases() -> dict[str, Case]:
    """Returns the layers to be checked, by the names that the table gives them."""
    found: dict[str, Case] = {}

    def add(name: str, *arguments: Any, label: str = "", use: Any = None, **options: Any) -> None:
        case = {key: options.pop(key) for key in ("shape", "dtype", "wanted") if key in options}
        kind = getattr(layers, name, None)
        if kind is None:  # A later version of Keras has it.
            return

        def make() -> keras.layers.Layer:
            layer = kind(*arguments, **options)
            return layer if use is None else use(layer)

        found[f"`{name}`{label}"] = Case(make, **case)

    def add_all(names: str, *arguments: Any, **options: Any) -> None:
        for name in names.split():
            add(name, *arguments, **options)

    def on_two(layer: keras.layers.Layer) -> Applied:
        return Applied(lambda layer, x: layer([x, ops.tanh(2.0 * x)]), layer)

    def on_itself(layer: keras.layers.Layer) -> Applied:
        return Applied(lambda layer, x: layer(x, x), layer)

    def on_itself_twice(layer: keras.layers.Layer) -> Applied:
        return Applied(lambda layer, x: layer([x, x]), layer)

    add_all("ELU Flatten Identity LeakyReLU Normalization PReLU ReLU Softmax UnitNormalization")
    add_all("LayerNormalization RMSNormalization BatchNormalization")
    add("BatchNormalization", label=" of images", shape=IMAGE)
    add("GroupNormalization", 2, shape=(4, 4))
    # More iterations than usual: its singular vectors are constants to it, and only so once they converged.
    # They do so slowly if singular values are nearly equal. With this seed, one is twice the other.
    start = keras.initializers.GlorotUniform(seed=3)
    dense = layers.Dense(2, kernel_initializer=start, dtype="float64")
    add("SpectralNormalization", dense, power_iterations=30)
    add("Activation", "tanh")
    add("ActivityRegularization", l2=0.1)
    add("Dense", 4, activation="tanh")
    add("Lambda", ops.sin)
    add("Rescaling", 2.0, offset=1.0)
    add("RepeatVector", 2)
    add("Reshape", (3, 2))
    add_all("AlphaDropout Dropout GaussianDropout GaussianNoise", 0.3)
    add_all("Add Average Concatenate Maximum Minimum Multiply Subtract", use=on_two)
    add("Dot", 1, use=on_two)

    add("EinsumDense", "abc,cd->abd", output_shape=(None, 3), shape=SEQUENCE)
    add("Permute", (2, 1), shape=SEQUENCE)
    add("Masking", shape=SEQUENCE)
    add("TimeDistributed", layers.Dense(2, dtype="float64"), shape=SEQUENCE)
    add("Bidirectional", layers.GRU(2, dtype="float64"), shape=SEQUENCE)
    add_all("GRU LSTM SimpleRNN", 3, shape=SEQUENCE)
    add_all("GRUCell LSTMCell SimpleRNNCell", 2, shape=SEQUENCE, use=layers.RNN)
    cells = [kind(2, dtype="float64") for kind in (layers.GRUCell, layers.SimpleRNNCell)]
    add("StackedRNNCells", cells, shape=SEQUENCE, use=layers.RNN)
    add("Attention", use_scale=True, shape=SEQUENCE, use=on_itself_twice)
    add("AdditiveAttention", shape=SEQUENCE, use=on_itself_twice)
    add("MultiHeadAttention", 2, 2, shape=SEQUENCE, use=on_itself)
    add("GroupQueryAttention", 2, 2, 1, shape=SEQUENCE, use=on_itself)

    def in_float32(layer: keras.layers.Layer) -> Applied:
        return Applied(lambda layer, x: layer(ops.cast(x, "float32")), layer)

    for rank, shape in ((1, SEQUENCE), (2, IMAGE), (3, VOLUME)):
        add(f"Conv{rank}D", 3, 2, strides=2, shape=shape)
        add(f"Conv{rank}DTranspose", 2, 2, strides=2, shape=shape)
        add(f"ConvLSTM{rank}D", 2, 2, shape=(2, *shape))
        add(f"Cropping{rank}D", 1, shape=(4, *shape[1:]))
        add(f"ZeroPadding{rank}D", 1, shape=shape)
        add(f"SpatialDropout{rank}D", 0.3, shape=shape)
        add(f"DepthwiseConv{rank}D", 2, shape=shape)
        add(f"SeparableConv{rank}D", 3, 2, shape=shape)
        if rank != 2:
            add(f"UpSampling{rank}D", 2, shape=shape)
        add_all(f"GlobalAveragePooling{rank}D GlobalMaxPooling{rank}D", shape=shape)
        precision = "float32" if rank == 3 else "float64"
        pooling = f"AveragePooling{rank}D MaxPooling{rank}D"
        adaptive = f"AdaptiveAveragePooling{rank}D AdaptiveMaxPooling{rank}D"
        add_all(f"{pooling} {adaptive}", 2, shape=shape, dtype=precision)
    for way in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"):
        given = {"interpolation": way, "shape": IMAGE, "dtype": "float32", "label": f", {way}"}
        add("Resizing", 3, 6, **given)
        add("UpSampling2D", 2, **given)
        if way != "nearest":
            given["label"] += ", antialiased"
            add("Resizing", 3, 3, antialias=True, **given)
    add("CenterCrop", 3, 3, shape=IMAGE)
    add("CenterCrop", 6, 6, label=" of smaller images", shape=IMAGE, dtype="float32")

    picture = {"shape": PICTURE, "use": of_pixels}
    add_all(
        "RandomBrightness RandomColorDegeneration RandomContrast RandomSharpness", 0.3, **picture
    )
    add_all("RandomColorJitter RandomErasing RandomFlip RandomGaussianBlur", **picture)
    add_all("RandomElasticTransform RandomGrayscale RandomInvert Solarization", **picture)
    add_all("CutMix MixUp", **picture)
    add("RandomCrop", 4, 4, **picture)
    add("RandomPosterization", 4, wanted="constant", **picture)
    add("AutoContrast", **picture)
    add("Equalization", wanted="constant", **picture)
    equalized = "ContrastLimitedAdaptiveHistogramEqualization"
    add(equalized, tile_grid_size=(2, 2), wanted="constant", dtype="float32", **picture)
    single = {"dtype": "float32", **picture}
    add_all("RandomRotation RandomZoom", 0.3, **single)
    add_all("RandomShear RandomTranslation", 0.3, 0.3, **single)
    add("RandomPerspective", **single)
    add_all("RandomHue RandomSaturation", 0.3, **{**single, "wanted": "refused"})
    add("STFTSpectrogram", frame_length=16, frame_step=8, fft_length=16, shape=(*SOUND, 1))
    sound = {"sampling_rate": 64, "min_freq": 1, "max_freq": 32, "num_mel_bins": 4}
    add("MelSpectrogram", 16, 8, shape=SOUND, dtype="float32", use=in_float32, **sound)

    found["every function of `keras.activations`"] = Case(lambda: Applied(_every_activation))
    return found


def _every_activation(x: Any) -> Any:
    """Returns the values of all activation functions, one beside the other."""
    values = []
    for name in sorted(set(dir(keras.activations)) - {"deserialize", "get", "serialize"}):
        if not name.startswith("_"):
            arguments = (0.1, 0.0) if name == "threshold" else ()
            # So that each has its bends, and more than one value.
            scale = 0.5 if name == "sparsemax" else 3.0
            values.append(getattr(keras.activations, name)(scale * x, *arguments))
    return ops.concatenate(values, axis=-1)


def check(case: Case) -> Result:
    """Measures the derivatives of a discriminator with a layer in it."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(case.dtype)
    keras.config.set_dtype_policy(case.dtype)
    try:
        keras.utils.set_random_seed(0)
        return _Discriminator(case).check()
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


class _Discriminator:
    """A discriminator with a layer in it, and a direction in which samples and weights move."""

    def __init__(self, case: Case) -> None:
        # Where the layer rounds to float32, wider steps.
        self.step = 1e-5 if case.dtype == "float64" else 3e-3
        self.layers = [
            layers.Dense(case.shape[-1], activation="tanh", dtype="float64"),
            case.make(),
            layers.Flatten(dtype="float64"),
            layers.Dense(3, activation="tanh", dtype="float64"),
            layers.Dense(1, dtype="float64"),
        ]
        random = np.random.default_rng(0)
        self.seed = keras.random.SeedGenerator(0)
        x = samples = random.normal(size=(ROWS, *case.shape))
        for layer in self.layers:
            x = layer(x)
        weights = [weight for each in self.layers for weight in each.trainable_variables]
        for weight in weights:
            weight.assign_add(0.3 * random.normal(size=weight.shape))
        self.samples = keras.Variable(samples, dtype="float64")
        self.variables = [self.samples, *weights]
        directions = [random.normal(size=tuple(variable.shape)) for variable in self.variables]
        length = np.sqrt(sum(np.sum(np.square(each)) for each in directions))
        self.directions = [each / length for each in directions]

    def score(self, samples: Any) -> Any:
        """Returns the scores in training, and moves no seeds and statistics."""
        with keras.StatelessScope():
            for layer in self.layers:
                options = {"training": True} if layer._call_has_training_arg else {}
                samples = layer(samples, **options)
        self.total = ops.sum(samples)
        return samples

    def penalty(self, samples: Any) -> Any:
        """Returns R1."""
        encounter = Encounter(samples, samples, self.score, None, None, self.seed)
        return ops.sum(R1(2.0)(encounter))

    def check(self) -> Result:
        """Returns the derivatives and the differences."""
        faults = self.faults()
        if faults:
            return Result((0.0, 0.0), (0.0, 0.0), faults)
        score, penalty = (
            self.derivative(lambda function=function: ops.sum(function(self.samples.value)))
            for function in (self.score, self.penalty)
        )
        above, below = self.at(self.step), self.at(-self.step)
        differences = (above - below) / (2.0 * self.step)
        return Result((score, differences[0]), (penalty, differences[1]), [])

    def faults(self) -> list[tuple[str, str, str]]:
        """Returns why the layer would be refused when a game is compiled."""
        found: list[tuple[str, str, str]] = []

        def traced() -> Any:
            samples = tf.identity(self.samples.value)
            try:
                value = self.penalty(samples)
                found.extend(undifferentiable_operations(value, [samples]))
            except LookupError as error:
                found.extend(operations_without_gradient(error))
            return 0.0

        tf.function(traced, autograph=False).get_concrete_function()
        return found

    def derivative(self, function: Callable[[], Any]) -> float:
        """Returns the derivative of a function along the direction."""
        _, _, gradients = value_and_gradients(lambda: (function(), None), self.variables)
        return sum(
            float(ops.sum(ops.convert_to_tensor(gradient) * direction))
            for gradient, direction in zip(gradients, self.directions, strict=True)
            if gradient is not None
        )

    def at(self, distance: float) -> np.ndarray:
        """Returns the summed score and the penalty at a distance along the direction."""
        for sign in (1.0, -1.0):
            for variable, direction in zip(self.variables, self.directions, strict=True):
                variable.assign_add(sign * distance * direction)
            if sign > 0.0:
                penalty = float(self.penalty(self.samples.value))
                values = np.array([float(self.total), penalty])
        return values


def fault(case: Case, result: Result) -> str | None:
    """Returns in which way a layer did not do what is wanted of it; `None` where it did."""
    if bool(result.faults) != (case.wanted == "refused"):
        return f"wanted: {case.wanted}; found: {result.faults or 'nothing wrong'}"
    if case.wanted == "constant":
        # A difference may be over a step.
        found = result.penalty[0]
        return f"wanted: a derivative of 0; found: {found}" if found else None
    if max(result.errors) > TOLERANCES[case.dtype]:
        return f"derivatives and differences: {result.score} and {result.penalty}"
    return None


def main() -> None:
    """Prints, or writes, the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="part of the layers' names")
    parser.add_argument("--write", type=Path, help="the document to write the table to")
    options = parser.parse_args()
    rows = []
    for name, case in cases().items():
        if options.only in name:
            rows.append(row(name, case, check(case)))
            print(rows[-1], flush=True)
    if options.write:
        text = options.write.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        versions = f"TensorFlow {tf.__version__}, Keras {keras.version()}."
        head = "| layer | the penalty's gradient | relative error |\n|---|---|---|"
        table = "\n".join([BEGIN, versions, "", head, *rows, END])
        options.write.write_text(before + table + after, encoding="utf-8")


def row(name: str, case: Case, result: Result) -> str:
    """Returns a row of the table."""
    if result.faults:
        _, kind, reason = result.faults[0]
        return f"| {name} | refused: {reason} (`{kind}`) | |"
    wrong = fault(case, result)
    if wrong:
        return f"| {name} | wrong: {wrong} | |"
    if case.wanted == "constant":
        return f"| {name} | 0, as the outputs move in steps | |"
    return f"| {name} | right | {result.errors[1]:.0e} |"


if __name__ == "__main__":
    main()
