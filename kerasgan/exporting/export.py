"""Exports of a model, for serving it without Keras and without this package."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from kerasgan.arguments import invalid, one_of, positive_number
from kerasgan.datasets.normalization import Normalization
from kerasgan.exporting.checking import TOLERANCE, check_converted
from kerasgan.exporting.signature import Signature
from kerasgan.exporting.units import in_units_of_data
from kerasgan.extras import require
from kerasgan.files import replacing, replacing_folder

# What one function alone is converted to, and the modules of extras that convert.
CONVERTERS: dict[str, tuple[str, ...]] = {"onnx": ("tf2onnx", "onnx"), "litert": ()}
_ENDINGS = {"onnx": ".onnx", "litert": ".tflite"}
# What a SavedModel is made of: a folder with anything else in it is not one to replace.
_SAVED_MODEL = {"assets", "assets.extra", "fingerprint.pb", "saved_model.pb", "variables"}


def export_game(
    game: Any,
    filepath: Any,
    format: str,  # noqa: A002  # Keras's name
    verbose: bool | None,
    normalization: Normalization | None,
    images: bool | None,
    signature: str | None,
    tolerance: float | None,
    **arguments: Any,
) -> None:
    """Exports a game's signatures; see `AdversarialModel.export` for the arguments."""
    uses: Mapping[str, Signature] = game.signatures()
    call: Any = game.call_specification()
    if normalization is None:
        check_unused(images=images)
    else:
        uses, call = in_units_of_data(uses, normalization, images), None
    if format in CONVERTERS:
        name = signature or "serving_default"
        one_of("signature", name, sorted(uses))
        uses = {name: uses[name]}
        _check_precision(game, format)
        tolerance = positive_number("tolerance", TOLERANCE if tolerance is None else tolerance)
        _convert(uses[name], filepath, format, arguments, tolerance)
    else:
        check_unused(signature=signature, tolerance=tolerance)
        _write_saved_model(game, uses, call, filepath, **arguments)
    if verbose is not False:
        lines = "".join(f"  {_described(name, use)}\n" for name, use in uses.items())
        sys.stdout.write(f"Exported '{filepath}':\n{lines}")


def _check_precision(game: Any, format: str) -> None:  # noqa: A002
    dtypes = {layer.compute_dtype for layer in game._flatten_layers()}
    for dtype in sorted(dtypes & {"bfloat16", "float16"}):
        raise RuntimeError(
            f"This model cannot be exported with format={format!r}: it computes in {dtype}, and the "
            "converters know float32 alone. Make the sub-models with dtype='float32', and give them the "
            "weights."
        )


def _write_saved_model(
    game: Any, signatures: Mapping[str, Signature], call: Any, filepath: Any, **arguments: Any
) -> None:
    archive = keras.export.ExportArchive()
    # Keras finds the weights that signatures use, but no lookup tables of a user's layers. `track(game)`
    # would find both, and write all weights twice.
    for part in tf.train.TrackableView(game).descendants():
        if isinstance(part, tf.saved_model.experimental.TrackableResource):
            archive.track(part)
    for name, use in signatures.items():
        archive.add_endpoint(name, _positional(use), _tensor_specifications(use))
    if call is not None:
        inputs = keras.tree.map_structure(
            lambda item: keras.InputSpec(shape=item.shape, dtype=item.dtype), call
        )
        archive.add_endpoint("serve", game.__call__, [inputs])
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
    tolerance: float = TOLERANCE,
) -> None:
    if not str(filepath).endswith(_ENDINGS[format]):
        raise invalid("filepath", filepath, f"a path that ends in {_ENDINGS[format]!r}")
    if format == "litert" and _keras_version() < (3, 13):
        raise ValueError(
            "Invalid value for argument `format`. Expected Keras 3.13 or later for an export to LiteRT. "
            f"Received: format='litert' with Keras {keras.version()}"
        )
    for module in CONVERTERS[format]:
        require(module, f"`export(format={format!r})`")
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
            _Function(use).export(
                str(temporary),
                format,
                False,
                [inputs[0] if len(inputs) == 1 else inputs],
                **arguments,
            )
            if format == "onnx":
                _check_onnx(temporary, use)
        except OSError:
            raise
        except Exception as error:
            lacking = re.findall(r"(?:TF Select|Custom) ops: (.+)", str(error))
            reason = f"no operation for {', '.join(lacking)}" if lacking else _first_line(error)
            raise RuntimeError(
                f"This model cannot be exported with format={format!r}. The converter says: {reason}"
            ) from error
        check_converted(use, temporary, format, tolerance)


def _with_names_of_their_own(use: Signature) -> Signature:
    """Returns a signature without an output that is called as an input is, which ONNX does not allow."""

    def function(**tensors: Any) -> dict[str, Any]:
        outputs = use.function(**tensors).items()
        return {f"output_{key}" if key in use.inputs else key: value for key, value in outputs}

    return Signature(function, use.inputs)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _check_onnx(path: Path, use: Signature) -> None:
    # tf2onnx only logs what it cannot convert, and writes it all the same.
    import onnx

    onnx.checker.check_model(str(path), full_check=True)
    names = {item.name for item in onnx.load(str(path), load_external_data=False).graph.input}
    if names - set(use.inputs):
        raise RuntimeError(
            f"constants that are no weights became inputs, {', '.join(sorted(names - set(use.inputs)))}"
        )


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


def check_unused(**arguments: Any) -> None:
    """Raises a `ValueError` if an argument is given that this kind of export does not use."""
    for name, value in arguments.items():
        if value is not None:
            raise invalid(name, value, "None in this kind of export")
