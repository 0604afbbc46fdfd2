"""Compares a converted file with the model, on a batch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np

from kerasgan.exporting.signature import Signature
from kerasgan.extras import advice, is_installed

# How far an output may be from the model's own, absolutely and relatively.
TOLERANCE = 1e-4
# Rows of the batch, and the size of other axes that are free.
_ROWS, _FREE_SIZE = 3, 16


def check_converted(use: Signature, path: Path, format: str, tolerance: float) -> None:  # noqa: A002
    """Runs a converted file on a batch, and compares its outputs with those of the model.

    The batch is drawn from a normal distribution. Integers are 0, and `uint8` inputs are drawn from 0 to 255.
    If the format's runtime is not installed, there is a warning and no comparison.

    Args:
        use: The function that was converted.
        path: The file.
        format: `"onnx"` or `"litert"`.
        tolerance: The largest difference of an output, absolute and relative. Integer outputs may differ by
            1.

    Raises:
        RuntimeError: If the file cannot be run, or an output differs by more.
    """
    module, name, run = _RUNTIMES[format]
    if not is_installed(module):
        warnings.warn(
            f"The exported file was not compared with the model, because {name} is not installed. "
            f"{advice(module)}.",
            stacklevel=2,
        )
        return
    rng = np.random.default_rng(0)
    inputs = {key: _drawn(item, rng) for key, item in use.inputs.items()}
    # Accelerators multiply in formats of their own.
    with keras.device("cpu:0"):
        tensors = {key: keras.ops.convert_to_tensor(value) for key, value in inputs.items()}
        expected = {
            key: keras.ops.convert_to_numpy(value) for key, value in use.function(**tensors).items()
        }
    try:
        outputs = run(path, inputs)
    except Exception as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise RuntimeError(
            f"This model cannot be exported with format={format!r}. {name} cannot run what the converter "
            f"wrote: {reason}"
        ) from error
    for key, value in expected.items():
        _compare(key, outputs[key], value, format, tolerance)


def _compare(
    name: str,
    output: np.ndarray,
    expected: np.ndarray,
    format: str,  # noqa: A002
    tolerance: float,
) -> None:
    if output.shape != expected.shape:
        raise RuntimeError(
            f"This model cannot be exported with format={format!r}. The output `{name}` of the file has the "
            f"shape {output.shape}, and that of the model {expected.shape}."
        )
    is_integer = not np.issubdtype(expected.dtype, np.floating)
    found, wanted = output.astype("float64"), expected.astype("float64")
    # Where one is infinite or NaN, the other has to be the same.
    finite = np.isfinite(found) & np.isfinite(wanted)
    gap = np.abs(np.where(finite, found, 0.0) - np.where(finite, wanted, 0.0))
    gap[~finite & ~((found == wanted) | (np.isnan(found) & np.isnan(wanted)))] = np.inf
    # A value near a half may be rounded to either side.
    far = gap > (1.0 if is_integer else tolerance * (1.0 + np.abs(np.where(finite, wanted, 0.0))))
    if far.any():
        raise RuntimeError(
            f"This model cannot be exported with format={format!r}. The output `{name}` of the file differs "
            f"from the model's by up to {np.max(gap[far]):.2g}, and `tolerance` is {tolerance}. "
            "docs/serving.md lists the layers that convert with a difference; a larger `tolerance` accepts "
            "it."
        )


def _drawn(item: keras.KerasTensor, rng: np.random.Generator) -> np.ndarray:
    rows = [_ROWS] if item.shape else []
    shape = tuple(rows + [_FREE_SIZE if size is None else size for size in item.shape[1:]])
    if item.dtype == "uint8":
        return rng.integers(256, size=shape).astype("uint8")
    if "int" in item.dtype:
        return np.full(shape, 0 if shape else _ROWS, item.dtype)
    return rng.normal(size=shape).astype(item.dtype)


def _run_onnx(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised too
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def _run_litert(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(str(path)).get_signature_runner()(**inputs)


_RUNTIMES: dict[str, tuple[str, str, Callable[..., dict[str, np.ndarray]]]] = {
    "onnx": ("onnxruntime", "ONNX Runtime", _run_onnx),
    "litert": ("ai_edge_litert", "LiteRT", _run_litert),
}
