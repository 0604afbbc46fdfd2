"""Colors of pictures, black 0 and white 255."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import ImageColor

from kerasgan.arguments import invalid, number

# How much the eye sees of red, green and blue (ITU-R 601-2), as Pillow weighs them too.
LUMA = np.array([0.299, 0.587, 0.114])


def color_of(argument: str, value: Any) -> tuple[float, float, float]:
    """Returns red, green and blue of a color, given by its name, its code or three numbers.

    Example:

    >>> color_of("background", "teal"), color_of("background", "#0080ff")
    ((0.0, 128.0, 128.0), (0.0, 128.0, 255.0))
    """
    expected = "a color such as 'white', '#00ff80' or three numbers from 0 to 255"
    parts = value
    if isinstance(value, str):
        try:
            parts = ImageColor.getrgb(value)[:3]
        except ValueError:
            raise invalid(argument, value, expected) from None
    if not isinstance(parts, (tuple, list)) or len(parts) != 3:
        raise invalid(argument, value, expected)
    red, green, blue = (number(argument, part, expected, lambda x: 0 <= x <= 255) for part in parts)
    return red, green, blue


def pixel_of(color: tuple[float, float, float], channels: int) -> np.ndarray:
    """Returns a pixel of a background color. In 4 channels, its opacity is 0."""
    if channels == 1:
        return np.asarray([LUMA @ np.asarray(color)])
    return np.asarray([*color, 0.0][:channels])
