"""Functions that move, mix and cut pixels, in pictures of any type and range.

All of them are linear in the pictures, and consist of gathers, products and sums. So derivatives of every
order are exact. Positions are in pixels, from the middle of a picture. The y-axis comes first and points
down.
"""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
from keras import ops

# How many channels of a picture are colors. With an even number of channels, the last one is alpha.
_COLORS = {1: 1, 2: 1, 3: 3, 4: 3}


def colors(channels: int) -> int:
    """Returns how many channels of a picture are colors, or 0 if this is not known."""
    return _COLORS.get(channels, 0)


def to_unit(images: Any, value_range: tuple[float, float]) -> Any:
    """Returns pictures in [-1, 1], in float32 or float64."""
    low, high = value_range
    wide = ops.cast(images, keras.backend.result_type(images.dtype, "float32"))
    return wide if (low, high) == (-1.0, 1.0) else (wide - (low + high) / 2) * (2 / (high - low))


def from_unit(images: Any, value_range: tuple[float, float], dtype: Any) -> Any:
    """Undoes `to_unit`."""
    low, high = value_range
    if (low, high) != (-1.0, 1.0):
        images = images * ((high - low) / 2) + (low + high) / 2
    return ops.cast(images, dtype)


def per_row(values: Any, images: Any) -> Any:
    """Returns one number for each picture in a shape that can be multiplied by the pictures."""
    values = ops.cast(values, images.dtype)
    return ops.reshape(values, (-1,) + (1,) * (len(images.shape) - 1))


def resample(images: Any, linear: Any, shift: Any, reflect: bool) -> Any:
    """Moves pixels by an affine transformation, with bilinear interpolation.

    Args:
        images: Tensor `(rows, height, width, channels)`.
        linear: Tensor `(rows, 2, 2)`. The new pixel at position p is the old one at `linear @ p + shift`.
        shift: Tensor `(rows, 2)`.
        reflect: Whether a picture continues beyond its edges as in a mirror. If not, it is 0 there.

    Returns:
        Tensor of the shape of `images`.
    """
    height, width, channels = images.shape[1:]
    sizes = (height, width)
    grid = np.stack(
        np.meshgrid(*(np.arange(size) - (size - 1) / 2 for size in sizes), indexing="ij")
    )
    places = ops.convert_to_tensor(grid.reshape(2, -1), "float32")
    nearest, shares = [], []
    for axis, size in enumerate(sizes):
        # Products of matrices would lose digits on a GPU, in TensorFloat-32.
        place = linear[:, axis, :1] * places[0] + linear[:, axis, 1:] * places[1]
        place = place + shift[:, axis : axis + 1] + (size - 1) / 2
        if reflect:
            place = _reflected(place, size)
        first = ops.floor(place)
        nearest.append(first)
        shares.append(place - first)
    rows = ops.shape(images)[0]
    pixels = ops.reshape(images, (-1, channels))
    offset = ops.arange(rows, dtype="int32")[:, None] * (height * width)
    total: Any = 0
    for corner in itertools.product((0, 1), repeat=2):
        index: Any = offset
        weight: Any = 1
        for axis, (size, stride) in enumerate(zip(sizes, (width, 1), strict=True)):
            place = nearest[axis] + corner[axis]
            share = shares[axis] if corner[axis] else 1 - shares[axis]
            if not reflect:
                share = ops.where((place >= 0) & (place < size), share, 0)
            weight = weight * share
            # A position far beyond an edge may be too large for int32.
            index = index + ops.cast(ops.clip(place, 0, size - 1), "int32") * stride
        total = total + ops.take(pixels, index, axis=0) * ops.cast(weight, images.dtype)[..., None]
    return ops.reshape(total, (-1, height, width, channels))


def moved(images: Any, shift: Any) -> Any:
    """Moves pictures down and to the right by whole pixels. Pixels that come in at an edge are 0.

    Args:
        images: Tensor `(rows, height, width, channels)`.
        shift: Integer tensor `(rows, 2)`.

    Returns:
        Tensor of the shape of `images`. Every pixel keeps its bits.
    """
    height, width, channels = images.shape[1:]
    index: Any = ops.arange(ops.shape(images)[0], dtype="int32")[:, None, None] * (height * width)
    inside: Any = True
    for axis, (size, stride) in enumerate(((height, width), (width, 1))):
        # Not `[:, axis, None]`: TensorFlow's graph optimizer loses the new axis if `shift` is a stack.
        place = ops.arange(size, dtype="int32") - shift[:, axis : axis + 1]
        place = ops.expand_dims(place, 1 if axis else 2)
        inside = ops.logical_and(inside, (place >= 0) & (place < size))
        index = index + ops.clip(place, 0, size - 1) * stride
    pixels = ops.take(ops.reshape(images, (-1, channels)), index, axis=0)
    return ops.where(inside[..., None], pixels, ops.zeros_like(pixels))


def cut_out(images: Any, first: Any, size: Any) -> Any:
    """Sets a rectangle of each picture to 0.

    Args:
        images: Tensor `(rows, height, width, channels)`.
        first: Tensor `(rows, 2)`: where the rectangle begins, as shares of height and width.
        size: Tensor `(rows, 2)`: the size of the rectangle, as shares of height and width.

    Returns:
        Tensor of the shape of `images`.
    """
    inside: Any = True
    for axis, length in enumerate(images.shape[1:3]):
        middles = ops.convert_to_tensor((np.arange(length) + 0.5) / length, "float32")
        start, end = first[:, axis : axis + 1], (first + size)[:, axis : axis + 1]
        within = (middles >= start) & (middles < end)
        inside = ops.logical_and(inside, ops.expand_dims(within, 1 if axis else 2))
    return ops.where(inside[..., None], ops.zeros_like(images), images)


def _reflected(place: Any, size: int) -> Any:
    if size == 1:
        return ops.zeros_like(place)
    last = size - 1.0
    return last - ops.abs(ops.mod(place, 2 * last) - last)
