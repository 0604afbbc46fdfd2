"""A folder of image files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from kerasgan.arguments import positive_integer
from kerasgan.datasets._image_dataset import image_dataset
from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.normalization import Normalization

EXTENSIONS = frozenset(
    (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)


def image_folder(
    path: str | os.PathLike[str],
    size: int | tuple[int, int] | None = None,
    channels: int = 3,
    normalization: str | Normalization = "tanh",
) -> Dataset:
    """Returns the images in a folder and its sub-folders, in the order of their sorted paths.

    Where every image lies in a sub-folder, the sub-folders of `path` are the classes, in sorted
    order. Hidden files are left out. Pictures are turned as their camera says (EXIF), and what is
    transparent becomes white. All images are held in memory.

    Args:
        path: The folder.
        size: Height and width to resize to, as `(height, width)` or one positive integer for both.
            `None` takes the images as they are: they must have one size. Defaults to `None`.
        channels: `3` for colour, `1` for grey. Defaults to `3`.
        normalization: `"tanh"`, `"min_max"`, `"z_score"`, or a `Normalization` of pixels from 0 to
            255. Defaults to `"tanh"`.

    Returns:
        A `Dataset` of images `(count, height, width, channels)`, with labels and `class_names`
        where there are sub-folders.

    Raises:
        FileNotFoundError: If there is no such folder.
        NotADirectoryError: If `path` is a file.
        ValueError: If the folder has no images, an image cannot be read, or the images differ in
            size and no `size` is given.
    """
    path = Path(path)
    height_and_width = _height_and_width(size)
    if isinstance(channels, bool) or channels not in (1, 3):
        raise ValueError(
            "Invalid value for argument `channels`. Expected 1 (grey) or 3 (colour). "
            f"Received: channels={channels!r}"
        )
    files = list_images(path)
    images = [_read(file, height_and_width, channels) for file in files]
    for file, image in zip(files, images, strict=True):
        if image.shape != images[0].shape:
            raise ValueError(
                "Invalid value for argument `size`. Expected (height, width), because the images "
                f"differ in size: {files[0]} has {images[0].shape[:2]}, {file} has "
                f"{image.shape[:2]}. Received: size=None"
            )
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
    files = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in EXTENSIONS
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not files:
        raise ValueError(
            "Invalid value for argument `path`. Expected a folder with images "
            f"({', '.join(sorted(EXTENSIONS))}). Received: {path}, which has none"
        )
    return files


def _read(file: Path, size: tuple[int, int] | None, channels: int) -> np.ndarray:
    try:
        with Image.open(file) as opened:
            image = _eight_bits(ImageOps.exif_transpose(opened), channels)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"Invalid value for argument `path`. Expected images that can be read. "
            f"Received: {file}, which cannot ({error})"
        ) from error
    if size is not None and image.size != size[::-1]:
        image = image.resize(size[::-1], Image.Resampling.BICUBIC)
    array = np.asarray(image)
    return array[..., None] if channels == 1 else array


def _eight_bits(image: Image.Image, channels: int) -> Image.Image:
    if image.mode.startswith("I"):
        # Pillow would cut 16-bit greys off at 255 instead of scaling them.
        values = np.asarray(image).astype(np.float64) / 257
        image = Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
    elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("L" if channels == 1 else "RGB")
