"""Exports of a model, for serving it without Keras and without this package."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from kerasgan.arguments import invalid, one_of
from kerasgan.backend import is_chief
from kerasgan.core.inputs import input_specifications, sole
from kerasgan.core.signatures import Signature
from kerasgan.datasets.normalization import Normalization
from kerasgan.files import replacing, replacing_folder

# What one function alone is converted to, and the package that converts.
_CONVERTERS = {"onnx": "tf2onnx", "litert": "tensorflow"}
_ENDINGS = {"onnx": ".onnx", "litert": ".tflite"}
# What a SavedModel is made of: a folder with anything else in it is not one to replace.
_SAVED_MODEL = {"assets", "assets.extra", "fingerprint.pb", "saved_model.pb", "variables"}


class Exporting(keras.Model):
    """`export` of a game: one signature for each use, in files that are either whole or absent.

    Example:

    >>> gan = kerasgan.GAN(
    ...     generator=keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]),
    ...     discriminator=keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]),
    ... )
    >>> list(gan.signatures())
    ['serving_default', 'generate', 'sample_latent', 'discriminate']
    """

    def signatures(self) -> dict[str, Signature]:
        """Returns what an export can be asked for, by name. None (the default): a call of the model."""
        return {}

    def call_specifications(self) -> list[keras.KerasTensor]:
        """Returns the shape and dtype of each input of a call."""
        return input_specifications("model", self)

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",  # noqa: A002  # Keras's name
        verbose: bool | None = None,
        input_signature: Any = None,
        normalization: Normalization | None = None,
        images: bool | None = None,
        signature: str | None = None,
        **arguments: Any,
    ) -> None:
        """Exports for serving, with averaged weights where they are kept.

        A SavedModel has a signature for each use of the model: `serving_default` makes samples of latent
        samples, `sample_latent` draws these from a seed, `generate` does both, the others are named as the
        model's methods. Inputs and outputs have names, and batches any size. `serve` is the model's call, as
        in Keras. A single function is converted for the other formats.

        Args:
            filepath: The folder of the SavedModel; the file otherwise (`.onnx`, `.tflite`). What is there
                stays until the new one is whole.
            format: `"tf_saved_model"`, `"onnx"`, `"litert"`, or another one of Keras's. Defaults to
                `"tf_saved_model"`.
            verbose: Whether to print what was written. Defaults to `None`, yes.
            input_signature: As in Keras, whose export of a call alone it asks for. Defaults to `None`.
            normalization: The normalisation of the data, `dataset.normalization`. Samples then go in and out
                in the units of the data, and `serve` is left out. Defaults to `None`, normalised samples.
            images: Whether samples in those units are images from 0 to 255, which go in and out as uint8.
                Defaults to `None`: where that is the range of the normalisation.
            signature: Which one to convert, for the formats of a single function. Defaults to `None`,
                `"serving_default"`.
            **arguments: As in Keras: `opset_version` for ONNX, the converter's attributes for LiteRT.

        Raises:
            ValueError: If an argument is out of range, or the folder holds something else.
            ImportError: If a converter is not installed.
            RuntimeError: If the model cannot be converted.
        """
        with self.averages_in_place():
            uses = self.signatures()
            is_file = format in _CONVERTERS
            if (
                input_signature is not None
                or not uses
                or not (is_file or format == "tf_saved_model")
            ):
                _check_unused(normalization=normalization, images=images, signature=signature)
                super().export(filepath, format, verbose, input_signature, **arguments)
                return
            if not is_chief(self):
                return
            if normalization is None:
                _check_unused(images=images)
                call = self.call_specifications()
            else:
                uses = _in_units_of_data(uses, normalization, images)
                call = []
            if is_file:
                name = signature or "serving_default"
                one_of("signature", name, sorted(uses))
                uses = {name: uses[name]}
                self._check_precision(format)
                _convert(uses[name], filepath, format, arguments)
            else:
                _check_unused(signature=signature)
                self._write_saved_model(uses, call, filepath, **arguments)
            if verbose is not False:
                lines = "".join(f"  {_described(name, use)}\n" for name, use in uses.items())
                sys.stdout.write(f"Exported '{filepath}':\n{lines}")

    def averages_in_place(self) -> contextlib.AbstractContextManager[None]:
        """Returns a context in which the sub-models hold their averages, where any are kept."""
        raise NotImplementedError

    def _check_precision(self, format: str) -> None:  # noqa: A002
        dtypes = {layer.compute_dtype for layer in self._flatten_layers()}
        for dtype in sorted(dtypes & {"bfloat16", "float16"}):
            raise RuntimeError(
                f"This model cannot be exported with format={format!r}: it computes in {dtype}, and the "
                "converters know float32 alone. Make the sub-models with dtype='float32', and give them the "
                "weights."
            )

    def _write_saved_model(
        self,
        signatures: Mapping[str, Signature],
        call: Sequence[keras.KerasTensor],
        filepath: Any,
        **arguments: Any,
    ) -> None:
        archive = keras.export.ExportArchive()
        archive.track(self)
        for name, use in signatures.items():
            archive.add_endpoint(name, _positional(use), _tensor_specifications(use))
        if call:
            inputs = [keras.InputSpec(shape=item.shape, dtype=item.dtype) for item in call]
            archive.add_endpoint("serve", self.__call__, [sole(inputs)])
        if "://" in str(filepath):
            archive.write_out(str(filepath), verbose=False, **arguments)
            return
        with replacing_folder(filepath, _SAVED_MODEL, "saved_model.pb") as temporary:
            archive.write_out(str(temporary), verbose=False, **arguments)


class _Function(keras.Model):
    """A signature as a model, which Keras converts."""

    def __init__(self, use: Signature) -> None:
        super().__init__(name="export")
        self._function = _positional(use)
        self.built = True

    def call(self, tensors: Any) -> Any:
        return self._function(*keras.tree.flatten(tensors))


def _convert(
    use: Signature,
    filepath: Any,
    format: str,  # noqa: A002
    arguments: dict[str, Any],
) -> None:
    if not str(filepath).endswith(_ENDINGS[format]):
        raise invalid("filepath", filepath, f"a path that ends in {_ENDINGS[format]!r}")
    if format == "litert" and _keras_version() < (3, 13):
        raise ValueError(
            "Invalid value for argument `format`. Expected Keras 3.13 or later for an export to LiteRT. "
            f"Received: format='litert' with Keras {keras.version()}"
        )
    if importlib.util.find_spec(_CONVERTERS[format]) is None:
        raise ImportError(
            f"Export to {format!r} requires the package {_CONVERTERS[format]!r}. "
            "Install it with `pip install kerasgan[export]`."
        )
    if format == "onnx":
        use = _with_names_of_their_own(use)
    if format == "litert":
        # Without TensorFlow's own operations, which a LiteRT interpreter does not have: what needs them is
        # to fail here and not on the device.
        builtins = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
        arguments = {"target_spec": builtins, **arguments}
    inputs = [
        keras.InputSpec(shape=item.shape, dtype=item.dtype, name=name)
        for name, item in use.inputs.items()
    ]
    with replacing(filepath) as temporary, warnings.catch_warnings():
        # What Keras does for tf2onnx under NumPy 2.
        warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
        try:
            _Function(use).export(str(temporary), format, False, [sole(inputs)], **arguments)
            if format == "onnx":
                _check_onnx(temporary)
        except OSError:
            raise
        except Exception as error:
            lacking = re.findall(r"(?:TF Select|Custom) ops: (.+)", str(error))
            reason = f"no operation for {', '.join(lacking)}" if lacking else _first_line(error)
            raise RuntimeError(
                f"This model cannot be exported with format={format!r}. The converter says: {reason}"
            ) from error


def _with_names_of_their_own(use: Signature) -> Signature:
    """Returns a signature without an output that is called as an input is, which ONNX does not allow."""

    def function(**tensors: Any) -> dict[str, Any]:
        outputs = use.function(**tensors).items()
        return {f"output_{key}" if key in use.inputs else key: value for key, value in outputs}

    return Signature(function, use.inputs)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _check_onnx(path: Path) -> None:
    # tf2onnx only logs what it cannot convert, and writes it all the same.
    import onnx

    onnx.checker.check_model(str(path), full_check=True)


def _keras_version() -> tuple[int, ...]:
    return tuple(int(part) for part in keras.version().split(".")[:2])


def _tensor_specifications(use: Signature) -> list[tf.TensorSpec]:
    return [tf.TensorSpec(item.shape, item.dtype, name) for name, item in use.inputs.items()]


def _positional(use: Signature) -> Callable[..., dict[str, Any]]:
    """Returns a signature's function as TensorFlow traces it: one parameter for each input."""

    def function(*tensors: Any) -> dict[str, Any]:
        return dict(use.function(**dict(zip(use.inputs, tensors, strict=True))))

    # The loaded function then takes its inputs by their names too.
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in use.inputs]
    )
    return function


def _described(name: str, use: Signature) -> str:
    inputs = (f"{key}: {item.dtype} {tuple(item.shape)}" for key, item in use.inputs.items())
    return f"{name}({', '.join(inputs)})"


def _check_unused(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise invalid(name, value, "None in this kind of export")


def _in_units_of_data(
    uses: Mapping[str, Signature], normalization: Normalization, images: bool | None
) -> dict[str, Signature]:
    """Returns signatures whose samples are in the units of the data."""
    if not isinstance(normalization, Normalization):
        raise TypeError(
            "Invalid value for argument `normalization`. Expected a `kerasgan.datasets.Normalization`. "
            f"Received: normalization={normalization!r} of type {type(normalization).__name__}"
        )
    if images is None:
        images = normalization.get_config() == {"low": 0, "high": 255}

    def data_of(samples: Any) -> Any:
        data = normalization.invert(samples)
        return tf.cast(tf.clip_by_value(tf.round(data), 0, 255), tf.uint8) if images else data

    def convert(use: Signature) -> Signature:
        def function(**tensors: Any) -> dict[str, Any]:
            if "samples" in tensors:
                tensors["samples"] = normalization(tensors["samples"])
            outputs = dict(use.function(**tensors))
            if "samples" in outputs:
                outputs["samples"] = data_of(outputs["samples"])
            return outputs

        inputs = dict(use.inputs)
        if "samples" in inputs:
            dtype = "uint8" if images else normalization.dtype
            inputs["samples"] = keras.KerasTensor(inputs["samples"].shape, dtype)
        return Signature(function, inputs)

    return {name: convert(use) for name, use in uses.items()}
