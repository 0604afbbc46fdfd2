"""One picture of a file, without loss of range or depth."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from kerasgan.arguments import invalid
from kerasgan.datasets._arrays import value_range_of

_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT, _ORIENTATION = 258, 262, 339, 274
_WHITE_IS_ZERO = 0
_SIGNED = 2
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
# How much the eye sees of red, green and blue (ITU-R 601-2), as Pillow weighs them too.
_LUMA = np.array([0.299, 0.587, 0.114])
_BOMB = Image.DecompressionBombError


class UnreadablePictureError(ValueError):
    """A file that should be a picture, and cannot be read as one."""


def read_picture(
    path: str | os.PathLike[str],
    channels: int = 3,
    value_range: tuple[float, float] | None = None,
    background: tuple[float, float, float] = (255.0, 255.0, 255.0),
) -> np.ndarray:
    """Returns the picture of a file, black 0 and white 255, whatever its type and depth.

    Files of up to 8 bits give uint8. Files of more give float32, which keeps what lies between two steps.
    What is black and white follows from the file: unsigned integers of up to 16 bits go from 0 to the
    largest value of as many bits as the file declares, floating-point numbers from 0 to 1. Signed integers,
    integers of more bits, and numbers outside these ranges declare no black and white: `value_range` does.

    The picture is turned as its camera says (EXIF). Of several pictures in a file, the first is read.

    Args:
        path: The file, of any type that Pillow reads. Colors of 16 bits are read from PNG files.
        channels: `1` for gray, `3` for color, `4` for color and opacity. Defaults to `3`.
        value_range: The values in the file that stand for black and white, `(low, high)`. Defaults to
            `None`, what the file declares.
        background: Red, green and blue from 0 to 255 of what shows through where a picture is transparent,
            unless `channels=4`. Defaults to white.

    Returns:
        Array `(height, width, channels)`, uint8 or float32.

    Raises:
        ValueError: If an argument is out of range, the file declares no black and white and no
            `value_range` is given, or values lie outside it.
        UnreadablePictureError: If the file cannot be read, or not with its whole depth. It is a
            `ValueError`.

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
        with Image.open(path) as image:
            image.load()
            bits = _bits(path, image)
            if asked is None and bits <= 8 and not _is_signed(image):
                return _of_8_bits(ImageOps.exif_transpose(image), channels, background)
            values, limits, kind = _values(path, image, bits)
            values, opacity = _opacity(values, image.info.get("transparency"))
            turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1), lambda x: x)
            inverted = values.shape[-1] == 1 and _tag(image, _PHOTOMETRIC, 1) == _WHITE_IS_ZERO
    except UnreadablePictureError:
        raise
    except (OSError, SyntaxError, EOFError, ValueError, tf.errors.OpError, _BOMB) as error:
        raise _unreadable(path, str(error)) from error
    color = _from_0_to_255(path, values, asked, limits, kind)
    # Pillow inverts 8 bits itself.
    color = 255.0 - color if inverted and bits > 8 else color
    return _in_channels(turn(color), turn(opacity), channels, background)


def resize_picture(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns a picture of another size, resampled (bicubic), in its own type.

    Args:
        picture: Array `(height, width, channels)`, uint8 or float32, from 0 to 255.
        size: Height and width.
    """
    if picture.shape[:2] == tuple(size):
        return picture
    bicubic = Image.Resampling.BICUBIC
    channels = picture.shape[-1]
    if picture.dtype == np.uint8 and channels < 4:
        whole = Image.fromarray(picture[..., 0] if channels == 1 else picture)
        return np.asarray(whole.resize(size[::-1], bicubic)).reshape(*size, channels)
    values = picture.astype("float32")
    if channels == 4:
        # What cannot be seen must not lend its color to what can.
        values[..., :3] *= values[..., 3:] / 255.0
    parts = [
        np.asarray(Image.fromarray(values[..., channel]).resize(size[::-1], bicubic))
        for channel in range(channels)
    ]
    values = np.stack(parts, axis=-1)
    if channels == 4:
        values[..., :3] /= np.maximum(values[..., 3:], 1e-6) / 255.0
    # Beside edges the curve goes beyond black and white.
    values = np.clip(values, 0.0, 255.0)
    return np.rint(values).astype("uint8") if picture.dtype == np.uint8 else values


def _unreadable(path: Path, why: str) -> UnreadablePictureError:
    return UnreadablePictureError(
        "Invalid value for argument `path`. Expected images that can be read. "
        f"Received: {path}, which cannot ({why})"
    )


def _tag(image: Image.Image, tag: int, default: int) -> int:
    """Returns a tag of a TIFF file, the first of its numbers; the default for files of other types."""
    value = getattr(image, "tag_v2", {}).get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)


def _is_signed(image: Image.Image) -> bool:
    return _tag(image, _SAMPLE_FORMAT, 1) == _SIGNED


def _bits(path: Path, image: Image.Image) -> int:
    """Returns how many bits each value has, as the file declares it."""
    with path.open("rb") as file:
        head = file.read(256)
    if image.format == "PNG":
        return head[24]
    if image.format == "TIFF":
        return _tag(image, _BITS_PER_SAMPLE, 1)
    if image.format == "PPM" and image.mode != "F":
        # Pillow scales grays of more than 8 bits to 16.
        largest = re.match(rb"P[2356]\s+(?:#.*\n\s*)*\d+\s+\d+\s+(\d+)", head)
        return 16 if largest and int(largest[1]) > 255 else 8
    return {"I": 32, "F": 32}.get(image.mode, 16 if image.mode.startswith("I;16") else 8)


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
    signed = _is_signed(image)
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
    raise _unreadable(
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
        raise _unreadable(path, "it holds NaN or infinite values")
    low, high = asked or limits or (np.inf, -np.inf)
    if least < low or most > high:
        which = "that holds all values" if asked else "of the values of black and white"
        undeclared = "" if asked else ", which declare no black and white"
        raise ValueError(
            f"Invalid value for argument `value_range`. Expected a range (low, high) {which}: {path} holds "
            f"{kind} from {least:g} to {most:g}{undeclared}. Received: value_range={asked}"
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
        color = color @ _LUMA[:, None]
    return np.broadcast_to(color, (*color.shape[:2], channels)).astype("float32")
