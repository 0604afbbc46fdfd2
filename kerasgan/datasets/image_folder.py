"""A folder of image files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kerasgan.arguments import positive_integer
from kerasgan.datasets._arrays import value_range_of
from kerasgan.datasets._image_dataset import image_dataset
from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.normalization import Normalization
from kerasgan.datasets.picture import UnreadablePictureError, read_picture, resize_picture

EXTENSIONS = frozenset(
    [
        ".bmp",
        ".gif",
        ".jfif",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pbm",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".tif",
        ".tiff",
        ".webp",
    ]
)
# Between the largest value of 12 bits and the next one, as a share of that of 16.
_TWELVE_BITS = 4095.5 / 65535


def image_folder(
    path: str | os.PathLike[str],
    size: int | tuple[int, int] | None = None,
    channels: int = 3,
    normalization: str | Normalization = "tanh",
    value_range: tuple[float, float] | None = None,
) -> Dataset:
    """Returns the images in a folder and its sub-folders, in the order of their sorted paths.

    Where every image lies in a sub-folder, the sub-folders of `path` are the classes, in sorted
    order. Links to files and folders are followed; hidden files are left out. Pictures are turned
    as their camera says (EXIF), and what is transparent becomes white. All images are held in
    memory.

    Files of more than 8 bits keep their depth. What is black and white in them follows from their
    type: unsigned integers of up to 16 bits go from 0 to the largest value of as many bits as the
    file declares, floating-point numbers from 0 to 1. Of other files, `value_range` says it.

    Args:
        path: The folder.
        size: Height and width to resize to, as `(height, width)` or one positive integer for both.
            `None` takes the images as they are: they must have one size. Defaults to `None`.
        channels: `3` for color, `1` for gray. Defaults to `3`.
        normalization: `"tanh"`, `"min_max"`, `"z_score"`, or a `Normalization` of pixels from 0 to
            255. Defaults to `"tanh"`.
        value_range: The values that stand for black and white in all files, `(low, high)`. Defaults
            to `None`, what each file declares.

    Returns:
        A `Dataset` of images `(count, height, width, channels)`, with labels and `class_names`
        where there are sub-folders.

    Raises:
        FileNotFoundError: If there is no such folder.
        NotADirectoryError: If `path` is a file.
        ValueError: If the folder has no images, images cannot be read (all are named), they differ
            in size and no `size` is given, or do not say what is black and white and no
            `value_range` is given.
    """
    path = Path(path)
    height_and_width = _height_and_width(size)
    if isinstance(channels, bool) or channels not in (1, 3):
        raise ValueError(
            "Invalid value for argument `channels`. Expected 1 (gray) or 3 (color). "
            f"Received: channels={channels!r}"
        )
    if value_range is not None:
        value_range = value_range_of(value_range)
    files = list_images(path)
    images = _read(files, height_and_width, channels, value_range)
    for file, image in zip(files, images, strict=True):
        if image.shape != images[0].shape:
            raise ValueError(
                "Invalid value for argument `size`. Expected (height, width), because the images "
                f"differ in size: {files[0]} has {images[0].shape[:2]}, {file} has "
                f"{image.shape[:2]}. Received: size=None. Give `size` to `image_folder` or `load`, or "
                "make the images one size"
            )
    if value_range is None:
        _check_depth(images)
    parents = [file.relative_to(path).parts[:-1] for file in files]
    labels = names = None
    if all(parents):
        names = tuple(sorted({parts[0] for parts in parents}))
        labels = np.array([names.index(parts[0]) for parts in parents], dtype=np.int32)
    return image_dataset(
        path.resolve().name,
        np.stack(images),
        labels,
        normalization=normalization,
        class_names=names,
    )


def _height_and_width(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    if len(pair) != 2:
        raise ValueError(
            "Invalid value for argument `size`. Expected (height, width) or a positive integer. "
            f"Received: size={size!r}"
        )
    return positive_integer("size", pair[0]), positive_integer("size", pair[1])


def list_images(path: Path) -> list[Path]:
    """Returns the images below a folder in the order of their names, or raises where there are none."""
    if not path.exists():
        raise FileNotFoundError(
            "Invalid value for argument `path`. Expected a folder of images. "
            f"Received: {path}, which does not exist"
        )
    if not path.is_dir():
        raise NotADirectoryError(
            "Invalid value for argument `path`. Expected a folder of images. "
            f"Received: {path}, which is a file"
        )
    files = sorted(_files(path, frozenset()))
    if not files:
        raise ValueError(
            "Invalid value for argument `path`. Expected a folder with images "
            f"({', '.join(sorted(EXTENSIONS))}). Received: {path}, which has none"
        )
    return files


def _files(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    here = folder.resolve()
    if here in above:
        raise ValueError(
            "Invalid value for argument `path`. Expected a folder without a link to a folder that it "
            f"lies in. Received: {folder}, which leads to {here}"
        )
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files(entry, above | {here})
        # A link to nothing is no file, and is not left out in silence either.
        elif entry.suffix.lower() in EXTENSIONS and (entry.is_file() or entry.is_symlink()):
            yield entry


def _read(
    files: list[Path],
    size: tuple[int, int] | None,
    channels: int,
    value_range: tuple[float, float] | None,
) -> list[np.ndarray]:
    images, errors = [], []
    for file in files:
        try:
            image = read_picture(file, channels, value_range)
        except UnreadablePictureError as error:
            errors.append(error)
            continue
        images.append(image if size is None else resize_picture(image, size))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        whole = "\n".join(str(error).partition("Received: ")[2] for error in errors)
        raise UnreadablePictureError(
            "Invalid value for argument `path`. Expected images that can be read. "
            f"Received: {len(errors)} of {len(files)} files that cannot:\n{whole}"
        ) from errors[0]
    return images


def _check_depth(images: list[np.ndarray]) -> None:
    brightest = [float(image.max()) / 255.0 for image in images if image.dtype != np.uint8]
    if brightest and max(brightest) < _TWELVE_BITS:
        raise ValueError(
            "Invalid value for argument `value_range`. Expected the values of black and white as (low, "
            f"high), because the brightest pixel of the {len(brightest)} images with more than 8 bits "
            f"has {max(brightest):.2%} of white: 12 bits in files of 16 have (0, 4095), images that are "
            "so dark (0, 65535). Received: value_range=None"
        )
