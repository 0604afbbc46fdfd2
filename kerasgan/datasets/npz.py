"""Arrays from an `.npz` file."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from kerasgan.datasets import normalization as normalizations
from kerasgan.datasets._arrays import finite_array, in_float64, integer_labels, value_range_of
from kerasgan.datasets._image_dataset import image_dataset
from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.normalization import Normalization


def npz(
    path: str | os.PathLike[str],
    value_range: tuple[float, float] | None = None,
    normalization: str | Normalization = "tanh",
) -> Dataset:
    """Returns the arrays of an `.npz` file.

    The file holds `x_train` and perhaps `y_train`, `x_test`, `y_test`, as `mnist.npz` does; or `x`
    and perhaps `y`, `x_test`, `y_test`; or one array of any name. Arrays of shape
    `(count, height, width)` and `(count, height, width, channels)` are images. Arrays of any other
    shape are plain numbers.

    Args:
        path: The file.
        value_range: For images, the values that stand for black and white, as `(low, high)`. Defaults
            to `None`: `(0, 255)` for uint8, and otherwise the smallest and the largest value in the
            training images.
        normalization: `"tanh"`, `"min_max"`, `"z_score"`, or a `Normalization`. Images are first brought
            to pixels from 0 to 255, whatever their range in the file. For plain numbers, a
            normalization that is not fitted is fitted to the training data. Defaults to `"tanh"`.

    Returns:
        A `Dataset`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not an `.npz` file, holds other arrays, or its arrays hold NaN or do not
            fit together.
    """
    path = Path(path)
    arrays = _read(path)
    x_key, y_key = _keys(path, arrays)
    x = finite_array(x_key, arrays[x_key])
    y = integer_labels(y_key, arrays[y_key], len(x)) if y_key in arrays else None
    x_test = finite_array("x_test", arrays["x_test"]) if "x_test" in arrays else None
    y_test = None
    if "y_test" in arrays and x_test is not None:
        y_test = integer_labels("y_test", arrays["y_test"], len(x_test))
    if x_test is not None and x.shape[1:] != x_test.shape[1:]:
        raise ValueError(
            f"Invalid value for argument `path`. Expected examples of one shape in `{x_key}` and "
            f"`x_test` of {path}. Received: shapes {x.shape} and {x_test.shape}"
        )
    if x.ndim in (3, 4):
        low, high = _value_range(x, value_range)
        x = _bytes(x, low, high)
        x_test = None if x_test is None else _bytes(x_test, low, high)
        return image_dataset(path.stem, x, y, x_test, y_test, normalization=normalization)
    if value_range is not None:
        raise ValueError(
            "Invalid value for argument `value_range`. Expected None, because the arrays are not "
            f"images: `{x_key}` has shape {x.shape}. Received: value_range={value_range!r}"
        )
    if x.ndim == 1:
        x = x[:, None]
        x_test = None if x_test is None else x_test[:, None]
    chosen = normalizations.get(normalization)
    if not chosen.is_fitted:
        chosen = chosen.from_config({}).fit(x)
    x_test = None if x_test is None else chosen(x_test)
    return Dataset(chosen(x), y, x_test, y_test, normalization=chosen, name=path.stem)


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(
            f"Invalid value for argument `path`. Expected an .npz file. Received: {path}, "
            f"which {'is a folder' if path.is_dir() else 'does not exist'}"
        )
    try:
        with path.open("rb") as file:  # NumPy leaves a file that it cannot read open.
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                raise ValueError("it holds one array, as an .npy file does")
            return dict(loaded)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"Invalid value for argument `path`. Expected an .npz file of numbers. Received: "
            f"{path}, which cannot be read as one ({error})"
        ) from error


def _keys(path: Path, arrays: dict[str, np.ndarray]) -> tuple[str, str]:
    if "x_train" in arrays:
        return "x_train", "y_train"
    if "x" in arrays:
        return "x", "y"
    if len(arrays) == 1:
        return next(iter(arrays)), ""
    raise ValueError(
        "Invalid value for argument `path`. Expected an .npz file with the array `x_train` (and "
        "perhaps `y_train`, `x_test`, `y_test`), or `x` (and perhaps `y`), or one array alone. "
        f"Received: {path} with {sorted(arrays)}"
    )


def _value_range(x: np.ndarray, value_range: tuple[float, float] | None) -> tuple[float, float]:
    if value_range is None:
        if x.dtype == np.uint8:
            return 0.0, 255.0
        low, high = float(x.min()), float(x.max())
        if low == high:
            raise ValueError(
                "Invalid value for argument `value_range`. Expected the values of black and white "
                f"as (low, high), because all pixels of the file have the value {low}. "
                "Received: value_range=None"
            )
        return low, high
    return value_range_of(value_range)


def _bytes(x: np.ndarray, low: float, high: float) -> np.ndarray:
    if (low, high) == (0.0, 255.0):
        return x
    return in_float64(x, lambda part: (part - low) * (255 / (high - low)), np.float32)
