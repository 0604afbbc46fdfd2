"""Brings pictures to one size."""

from __future__ import annotations

import numpy as np
from PIL import Image

from kerasgan.datasets._colors import pixel_of

# What `resize=` takes.
RESIZES = ("crop", "random_crop", "pad", "stretch")
# A picture for random crops is kept up to so many times the length of a crop.
MOST_CROPS = 8


def fit_picture(
    picture: np.ndarray,
    size: tuple[int, int],
    resize: str = "crop",
    background: tuple[float, float, float] = (255.0, 255.0, 255.0),
) -> np.ndarray:
    """Returns a picture at a size, in its own type.

    Args:
        picture: Array `(height, width, channels)`, uint8 or float32, from 0 to 255.
        size: Height and width.
        resize: `"crop"` takes the largest part from the middle that has the size's shape. `"pad"` puts the
            whole picture on a background. `"stretch"` changes its shape. `"random_crop"` leaves one side
            longer, so that crops can be drawn from it. If it is more than 8 times as long as a crop, the
            middle 8 lengths are kept. Defaults to `"crop"`.
        background: Red, green and blue of the padding. If the picture has opacity, the padding is
            transparent. Defaults to white.

    Example:

    >>> picture = np.zeros((4, 8, 1), "uint8")
    >>> [fit_picture(picture, (2, 2), how).shape[:2] for how in RESIZES]
    [(2, 2), (2, 4), (2, 2), (2, 2)]
    >>> fit_picture(picture, (4, 4), "pad")[:, 0, 0].tolist()
    [255, 0, 0, 255]
    """
    if resize == "stretch" or picture.shape[:2] == size:
        return resize_picture(picture, size)
    if resize == "crop":
        return resize_picture(_middle(picture, size, 1), size)
    if resize == "random_crop":
        picture = _middle(picture, size, MOST_CROPS)
        scale = max(size[0] / picture.shape[0], size[1] / picture.shape[1])
        height, width = (round(scale * side) for side in picture.shape[:2])
        return resize_picture(picture, (max(height, size[0]), max(width, size[1])))
    return _padded(picture, size, background)


def resize_picture(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns a picture of another size, resampled (bicubic, with antialiasing), in its own type.

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


def _middle(picture: np.ndarray, size: tuple[int, int], most: int) -> np.ndarray:
    """Returns the middle of a picture of which one side is too long for a size's shape.

    Args:
        picture: The picture.
        size: Height and width, of which the shape alone counts.
        most: How many times as long as in that shape a side may be.
    """
    height, width = picture.shape[:2]
    step = min(height / size[0], width / size[1])
    rows, columns = (
        min(side, max(1, round(most * step * part)))
        for side, part in zip((height, width), size, strict=True)
    )
    top, left = (height - rows) // 2, (width - columns) // 2
    return picture[top : top + rows, left : left + columns]


def _padded(
    picture: np.ndarray, size: tuple[int, int], background: tuple[float, float, float]
) -> np.ndarray:
    height, width, channels = picture.shape
    scale = min(size[0] / height, size[1] / width)
    rows, columns = (max(1, round(scale * side)) for side in (height, width))
    top, left = (size[0] - rows) // 2, (size[1] - columns) // 2
    whole = np.empty((*size, channels), picture.dtype)
    pixel = pixel_of(background, channels)
    whole[...] = np.rint(pixel) if picture.dtype == np.uint8 else pixel
    whole[top : top + rows, left : left + columns] = resize_picture(picture, (rows, columns))
    return whole
