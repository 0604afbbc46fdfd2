"""Many samples in one picture."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from kerasgan.arguments import non_negative_integer, positive_integer
from kerasgan.callbacks._curve_cells import CELL_HEIGHT, CELL_WIDTH, curve_cells
from kerasgan.files import replacing

# The longest side of an enlarged picture, without the padding, stays within half of this and this.
_LONGEST_SIDE = 800
_WHITE = 255
# The range of image files, which is where an inverted normalization leads.
_FILE_RANGE = (0.0, 255.0)


def image_grid(
    samples: Any,
    rows: int | None = None,
    columns: int | None = None,
    value_range: Any = (-1, 1),
    scale: int | None = None,
    padding: int = 2,
    kind: Literal["images", "curves"] | None = None,
) -> Image.Image:
    """Draws samples side by side, row after row.

    Images may be of any height and width, gray, RGB or RGBA. Vectors and sequences
    become small line plots that share one vertical axis, with one line per dimension.
    The padding is white, and so are empty cells.

    Args:
        samples: Array of shape `(n, height, width)` or `(n, height, width, channels)`
            with 1, 3 or 4 channels for images; `(n, length)` or
            `(n, length, dimensions)` for curves.
        rows: Integer or `None`, the number of rows. Defaults to `None`: as many as needed.
        columns: Integer or `None`, the number of columns. Defaults to `None`: as many as
            needed. If `rows` is `None` too, the grid is nearly square.
        value_range: The values of black and white: a pair `(low, high)`, or a
            normalization. A normalization is an object with a method `invert` that brings
            the samples back to the units of the data. If it has a pair as its attribute
            `value_range`, that pair is black and white. If not, they are 0 and 255, as
            in image files. In images, values outside the pair are clipped. In curves, the
            axis grows to hold them. Defaults to `(-1, 1)`.
        scale: Positive integer, how many times images are enlarged. Curves are
            `32 * scale` wide and `24 * scale` high. Defaults to `None`: small samples are
            enlarged until the longest side of the picture is between 400 and 800 pixels.
        padding: Non-negative integer, the pixels between and around the cells.
            Defaults to `2`.
        kind: `"images"` or `"curves"`. Pass `"curves"` to draw sequences of shape
            `(length, dimensions)`. Defaults to `None`: samples of shape `(length,)` and
            `(length, 1)` are curves, and all others are images.

    Returns:
        A `PIL.Image.Image` of mode `"L"`, `"RGB"` or `"RGBA"`.

    Raises:
        ValueError: If the samples have a shape that cannot be drawn or values that are
            not finite, if they do not fit the grid, or if an argument is out of range.

    Example:

    >>> samples = np.linspace(-1, 1, 6 * 8 * 5).reshape(6, 8, 5)
    >>> picture = image_grid(samples, rows=2, scale=3, padding=1)
    >>> picture.size, picture.mode
    ((49, 51), 'L')
    """
    samples = np.asarray(samples)
    drawn_as = _kind_of(samples, kind)
    padding = non_negative_integer("padding", padding)
    rows, columns = grid_shape(len(samples), rows, columns)
    if samples.dtype.kind not in "fiub":
        samples = samples.astype("float64")
    if not np.isfinite(samples).all():
        raise ValueError(
            "Invalid value for argument `samples`. Expected finite values. Received: "
            f"{int((~np.isfinite(samples)).sum())} of {samples.size} values are NaN or infinite"
        )
    samples, limits = _in_data_units(samples.astype("float64"), value_range)
    if drawn_as == "curves":
        scale = _scale(scale, columns * CELL_WIDTH, rows * CELL_HEIGHT)
        low, high = _axis(samples, limits)
        cells = curve_cells(samples.reshape(*samples.shape[:2], -1), low, high, scale)
    else:
        scale = _scale(scale, columns * samples.shape[2], rows * samples.shape[1])
        low, high = limits or _FILE_RANGE
        cells = np.rint(np.clip((samples - low) / (high - low), 0, 1) * 255).astype("uint8")
        cells = cells.repeat(scale, axis=1).repeat(scale, axis=2)
        if cells.ndim == 4 and cells.shape[-1] == 1:
            cells = cells[..., 0]
    return Image.fromarray(_lay_out(cells, rows, columns, padding))


def save_image(image: Image.Image, path: str | os.PathLike[str]) -> Path:
    """Writes a picture, whole or not at all.

    The picture goes to a temporary name in the same folder and takes its place when it
    is complete. Missing folders are made.

    Args:
        image: A `PIL.Image.Image`.
        path: The file to write; its suffix names the format, for example `.png`.

    Returns:
        The path that was written.

    Raises:
        ValueError: If Pillow writes no format with the suffix of `path`.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_image(Image.new("L", (4, 3)), folder + "/new/grid.png").name
    'grid.png'
    """
    path = Path(path)
    picture_format = image_format(path)
    with replacing(path) as temporary:
        image.save(temporary, format=picture_format)
    return path


def image_format(path: str | os.PathLike[str]) -> str:
    """Returns Pillow's name of the format that the suffix of `path` stands for.

    Example:

    >>> image_format("grids/first.jpg")
    'JPEG'
    """
    suffix = Path(path).suffix.lower()
    name = Image.registered_extensions().get(suffix)
    if name is None or name not in Image.SAVE:
        raise ValueError(
            "Invalid value for argument `path`. Expected a file name with the suffix of an image "
            f"format, such as '.png'. Received: path={str(path)!r}"
        )
    return name


def grid_shape(count: int, rows: int | None, columns: int | None) -> tuple[int, int]:
    """Returns the rows and columns of a grid for `count` samples.

    Example:

    >>> grid_shape(10, None, None), grid_shape(10, 2, None)
    ((3, 4), (2, 5))
    """
    if rows is not None:
        rows = positive_integer("rows", rows)
    if columns is not None:
        columns = positive_integer("columns", columns)
    if columns is None:
        columns = math.ceil(count / rows) if rows else math.ceil(math.sqrt(count))
    if rows is None:
        rows = math.ceil(count / columns)
    if count > rows * columns:
        raise ValueError(
            "Invalid value for arguments `rows` and `columns`. Expected a grid with a cell for "
            f"each of the {count} samples. Received: rows={rows}, columns={columns}"
        )
    return rows, columns


def _kind_of(samples: np.ndarray, kind: str | None) -> str:
    if kind not in (None, "images", "curves"):
        raise ValueError(
            "Invalid value for argument `kind`. Expected 'images', 'curves' or None. "
            f"Received: kind={kind!r}"
        )
    shape = samples.shape
    if kind is None:
        kind = "curves" if len(shape) == 2 or (len(shape) == 3 and shape[2] == 1) else "images"
    if kind == "curves":
        expected = "(n, length) or (n, length, dimensions) for curves"
        fits = len(shape) in (2, 3)
    else:
        expected = "(n, height, width) or (n, height, width, 1, 3 or 4 channels) for images"
        fits = len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3, 4))
    if not fits or 0 in shape:
        raise ValueError(
            f"Invalid value for argument `samples`. Expected a non-empty array of shape {expected}."
            f" Received: samples of shape {shape}"
        )
    return kind


def check_value_range(value_range: Any) -> tuple[float, float] | None:
    """Returns the pair that `value_range` names, or `None` when it names none.

    Example:

    >>> check_value_range((0, 16))
    (0.0, 16.0)
    """
    pair = value_range
    if callable(getattr(value_range, "invert", None)):
        pair = getattr(value_range, "value_range", None)
        if pair is None:
            return None
    try:
        low, high = (float(value) for value in pair)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(
            "Invalid value for argument `value_range`. Expected a pair (low, high) with low < high,"
            f" or an object with a method `invert`. Received: value_range={value_range!r}"
        )
    return low, high


def range_of(model: Any) -> Any:
    """Returns the default `value_range` for a model's samples: its normalization, or (-1, 1).

    A normalization is used only if it tells black and white: others would leave pictures dark.

    Example:

    >>> range_of(None)
    (-1, 1)
    """
    normalization = getattr(model, "normalization", None)
    return (-1, 1) if getattr(normalization, "value_range", None) is None else normalization


def _in_data_units(
    samples: np.ndarray, value_range: Any
) -> tuple[np.ndarray, tuple[float, float] | None]:
    limits = check_value_range(value_range)
    if callable(getattr(value_range, "invert", None)):
        samples = np.asarray(value_range.invert(samples), dtype="float64")
    return samples, limits


def _axis(samples: np.ndarray, limits: tuple[float, float] | None) -> tuple[float, float]:
    low, high = float(samples.min()), float(samples.max())
    if limits is not None:
        low, high = min(low, limits[0]), max(high, limits[1])
    if low == high:
        # A flat line, drawn in the middle.
        low, high = low - 1.0, high + 1.0
    return low, high


def _scale(scale: int | None, width: int, height: int) -> int:
    if scale is None:
        return max(1, _LONGEST_SIDE // max(width, height))
    return positive_integer("scale", scale)


def _lay_out(cells: np.ndarray, rows: int, columns: int, padding: int) -> np.ndarray:
    height, width = cells.shape[1:3]
    down, across = height + padding, width + padding
    grid = np.full(
        (rows * down + padding, columns * across + padding, *cells.shape[3:]), _WHITE, "uint8"
    )
    for index, cell in enumerate(cells):
        top = padding + index // columns * down
        left = padding + index % columns * across
        grid[top : top + height, left : left + width] = cell
    return grid
