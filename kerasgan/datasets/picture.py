"""One picture of a file, without loss of range or depth."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from kerasgan.arguments import invalid
from kerasgan.datasets._arrays import value_range_of
from kerasgan.datasets._colors import LUMA
from kerasgan.datasets.picture_header import (
    FAULTS,
    MOST_PIXELS,
    ORIENTATION,
    PHOTOMETRIC,
    WHITE_IS_ZERO,
    PictureError,
    PictureRangeError,
    bits_of,
    check_size,
    is_signed,
    opened,
    reason,
    tag_of,
    unreadable,
)

# What a camera's orientation is undone with.
_TURNS = {
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: np.rot90(x, -1),
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: np.rot90(x),
}


def read_picture(
    path: str | os.PathLike[str],
    channels: int = 3,
    value_range: tuple[float, float] | None = None,
    background: tuple[float, float, float] = (255.0, 255.0, 255.0),
    min_size: int = 1,
    max_pixels: int = MOST_PIXELS,
    enough: int | None = None,
) -> np.ndarray:
    """Returns the picture of a file, with black 0 and white 255, whatever its type and depth.

    Files of up to 8 bits give uint8. Files of more bits give float32, so that no steps are lost. The file's
    type tells the values of black and white: 0 and the largest value of the declared bits for unsigned
    integers of up to 16 bits, and 0 and 1 for floating-point numbers. For signed integers, integers of more
    bits, and numbers outside these ranges, pass `value_range`.

    The picture is turned as its camera says (EXIF). If a file has several pictures, the first one is read.

    Args:
        path: The file, of any type that Pillow reads. Colors of 16 bits can only be read from PNG files.
        channels: `1` for gray, `3` for color, `4` for color and opacity. Defaults to `3`.
        value_range: The values in the file that stand for black and white, `(low, high)`. Defaults to
            `None`: the values that the file declares.
        background: Red, green and blue from 0 to 255 of the color behind transparent parts, unless
            `channels=4`. Defaults to white.
        min_size: The smallest side in pixels. Defaults to `1`.
        max_pixels: The largest number of pixels, so that a small file cannot fill the memory. Defaults to
            about 179 million.
        enough: How many pixels of the shorter side you need. A larger JPEG file may be decoded at a half, a
            quarter or an eighth of its size, which is several times faster. Defaults to `None`, the whole
            size.

    Returns:
        Array `(height, width, channels)`, uint8 or float32.

    Raises:
        ValueError: If an argument is out of range.
        PictureRangeError: If the file declares no black and white and no `value_range` is given, or values
            lie outside the range. It is a `ValueError`.
        UnreadablePictureError: If the file cannot be read, cannot be read with its whole depth, or is too
            small or too large. It is a `ValueError`.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.fromarray(np.array([[0, 257, 65535]], "uint16")).save(f"{folder}/a.png")
    ...     read_picture(f"{folder}/a.png", channels=1).ravel().tolist()
    [0.0, 1.0, 255.0]
    """
    if isinstance(channels, bool) or channels not in (1, 3, 4):
        raise invalid("channels", channels, "1 (gray), 3 (color) or 4 (color and opacity)")
    asked = None if value_range is None else value_range_of(value_range)
    path = Path(path)
    try:
        with opened(path) as (image, head):
            check_size(path, image, min_size, max_pixels)
            if enough is not None:
                image.draft(None, (enough, enough))
            image.load()
            bits = bits_of(image, head)
            if asked is None and bits <= 8 and not is_signed(image):
                return _of_8_bits(ImageOps.exif_transpose(image), channels, background)
            values, limits, kind = _values(path, image, bits)
            values, opacity = _opacity(values, image.info.get("transparency"))
            turn = _TURNS.get(image.getexif().get(ORIENTATION, 1), lambda x: x)
            inverted = values.shape[-1] == 1 and tag_of(image, PHOTOMETRIC, 1) == WHITE_IS_ZERO
    except PictureError:
        raise
    except (*FAULTS, tf.errors.OpError) as error:
        raise unreadable(path, reason(error, max_pixels)) from error
    color = _from_0_to_255(path, values, asked, limits, kind)
    # Pillow inverts 8 bits itself.
    color = 255.0 - color if inverted and bits > 8 else color
    return _in_channels(turn(color), turn(opacity), channels, background)


def _of_8_bits(
    image: Image.Image, channels: int, background: tuple[float, float, float]
) -> np.ndarray:
    """Returns a picture of at most 8 bits, in Pillow's arithmetic."""
    if channels == 4:
        return np.asarray(image.convert("RGBA"))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        color = tuple(round(part) for part in background)
        image = Image.alpha_composite(Image.new("RGBA", image.size, (*color, 255)), image)
    array = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return array[..., None] if channels == 1 else array


def _values(
    path: Path, image: Image.Image, bits: int
) -> tuple[np.ndarray, tuple[float, float] | None, str]:
    """Returns the values as they stand in a file, those that are black and white, and what they are."""
    signed = is_signed(image)
    kind = f"{'signed' if signed else 'unsigned'} integers of {bits} bits"
    limits = None if signed or bits > 16 else (0.0, 2.0**bits - 1)
    if image.mode == "F":
        return np.asarray(image)[..., None], (0.0, 1.0), "floating-point numbers"
    if image.mode.startswith("I"):
        values = np.asarray(image)[..., None]
        return values if signed or bits < 32 else values.view(np.uint32), limits, kind
    if bits <= 8:
        if signed:
            return np.asarray(image).view(np.int8)[..., None], limits, kind
        if image.has_transparency_data:
            return np.asarray(image.convert("RGBA")), (0.0, 255.0), kind
        values = np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
        return values.reshape(*values.shape[:2], -1), (0.0, 255.0), kind
    if image.format == "PNG":
        # Pillow would cut colors of 16 bits to 8.
        return tf.io.decode_png(path.read_bytes(), dtype=tf.uint16).numpy(), limits, kind
    raise unreadable(
        path,
        f"its colors have {bits} bits, which Pillow would cut to 8; save it as a PNG file of 16 bits, whose "
        "colors are read whole, or with 8 bits",
    )


def _opacity(values: np.ndarray, transparent: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns colors, and how opaque they are, from 0 to 1.

    Args:
        values: `(height, width, channels)`, the second or fourth of which is the opacity.
        transparent: The one color that is transparent, in a file without that channel, or `None`.
    """
    if values.shape[-1] in (2, 4):
        opacity = values[..., -1:].astype("float64") / np.iinfo(values.dtype).max
        return values[..., :-1], opacity
    if isinstance(transparent, (int, tuple)):
        return values, (values != np.asarray(transparent)).any(axis=-1, keepdims=True).astype(
            "float64"
        )
    return values, np.ones((*values.shape[:2], 1))


def _from_0_to_255(
    path: Path,
    values: np.ndarray,
    asked: tuple[float, float] | None,
    limits: tuple[float, float] | None,
    kind: str,
) -> np.ndarray:
    values = values.astype("float64")
    least, most = float(values.min()), float(values.max()) + 0.0  # not -0.0
    if not np.isfinite([least, most]).all():
        raise unreadable(path, "it holds NaN or infinite values")
    low, high = asked or limits or (np.inf, -np.inf)
    if least < low or most > high:
        which = "that holds all values" if asked else "of the values of black and white"
        undeclared = "" if asked else ", which declare no black and white"
        why = f"holds {kind} from {least:g} to {most:g}{undeclared}"
        raise PictureRangeError(
            f"Invalid value for argument `value_range`. Expected a range (low, high) {which}: {path} {why}. "
            f"Received: value_range={asked}",
            path,
            why,
        )
    return (values - low) * (255.0 / (high - low))


def _in_channels(
    color: np.ndarray, opacity: np.ndarray, channels: int, background: tuple[float, float, float]
) -> np.ndarray:
    if channels == 4:
        color = np.broadcast_to(color, (*color.shape[:2], 3))
        return np.concatenate([color, 255.0 * opacity], axis=-1).astype("float32")
    if opacity.min() < 1.0:
        color = color * opacity + np.asarray(background) * (1.0 - opacity)
    if channels == 1 and color.shape[-1] == 3:
        color = color @ LUMA[:, None]
    return np.broadcast_to(color, (*color.shape[:2], channels)).astype("float32")
