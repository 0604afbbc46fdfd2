"""A folder of image files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerasgan.arguments import one_of
from kerasgan.datasets._image_dataset import image_dataset
from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.image_files import classes_of, list_images
from kerasgan.datasets.normalization import Normalization
from kerasgan.datasets.picture_header import MOST_PIXELS, PictureError
from kerasgan.datasets.picture_recipe import PictureRecipe, raise_faults, tried


def image_folder(
    path: str | os.PathLike[str],
    size: int | tuple[int, int] | None = None,
    channels: int = 3,
    normalization: str | Normalization = "tanh",
    value_range: tuple[float, float] | None = None,
    *,
    resize: str = "crop",
    background: str | tuple[float, float, float] = "white",
    on_error: str = "raise",
    max_pixels: int = MOST_PIXELS,
) -> Dataset:
    """Returns the images in a folder and its sub-folders, in the order of their sorted paths.

    All images are held in memory, which suits a few thousand small ones. For more, use `image_stream`, which
    reads them from the disk.

    If every image is in a sub-folder, the sub-folders of `path` are the classes, in sorted order. Links to
    files and folders are followed. Hidden files are left out. Images are turned as their camera says (EXIF).

    Files of more than 8 bits keep their depth. Their type tells the values of black and white: 0 and the
    largest value of the declared bits for unsigned integers of up to 16 bits, and 0 and 1 for floating-point
    numbers. For other files, pass `value_range`.

    Args:
        path: The folder.
        size: Height and width to resize to, as `(height, width)` or one positive integer for both.
            With `None`, images keep their size, and must all have the same. Defaults to `None`.
        channels: `3` for color, `1` for gray, `4` for color and opacity. Defaults to `3`.
        normalization: `"tanh"`, `"min_max"`, `"z_score"`, or a `Normalization` of pixels from 0 to
            255. Defaults to `"tanh"`.
        value_range: The values that stand for black and white in all files, `(low, high)`. Defaults
            to `None`: the values that each file declares.
        resize: How to resize images whose shape differs from that of `size`. `"crop"` takes the largest part
            from the middle, `"pad"` puts the whole image on `background`, and `"stretch"` changes the shape.
            Defaults to `"crop"`.
        background: Color of transparent parts and of padding: a name such as `"white"`, a code such as
            `"#00ff80"`, or red, green and blue from 0 to 255. With `channels=4`, padding is transparent.
            Defaults to `"white"`.
        on_error: What to do with files that cannot be read: `"raise"` raises an error that names them, and
            `"skip"` leaves them out. Defaults to `"raise"`.
        max_pixels: The largest number of pixels of an image, so that a small file cannot fill the memory.
            Defaults to about 179 million.

    Returns:
        A `Dataset` of images `(count, height, width, channels)`. It has labels and `class_names` if every
        image is in a sub-folder.

    Raises:
        FileNotFoundError: If there is no such folder.
        NotADirectoryError: If `path` is a file.
        ValueError: If an argument is out of range; the folder has no images; images cannot be read (the error
            names them); images differ in size and no `size` is given; or files do not declare black and
            white and no `value_range` is given.
    """
    one_of("on_error", on_error, ("raise", "skip"))
    one_of("resize", resize, ("crop", "pad", "stretch"))
    recipe = PictureRecipe(size, channels, resize, background, value_range, max_pixels=max_pixels)
    dataset, _ = read_folder(Path(path), recipe, normalization, on_error)
    return dataset


def read_folder(
    path: Path,
    recipe: PictureRecipe,
    normalization: str | Normalization,
    on_error: str | None,
) -> tuple[Dataset, list[Path]]:
    """Returns the images of a folder and their files.

    Args:
        path: The folder.
        recipe: How its files become pictures.
        normalization: As in `image_folder`.
        on_error: As in `image_folder`. `None` raises an error that does not mention `on_error`.
    """
    files = list_images(path)
    images: list[np.ndarray] = []
    kept: list[Path] = []
    faults: list[PictureError] = []
    brightest, deep = None, 0

    def read(file: Path) -> tuple[np.ndarray, float | None]:
        picture = recipe.read(file)
        share = None if picture.dtype == np.uint8 else float(picture.max()) / 255.0
        return recipe.fit(picture), share

    for file, result in zip(files, tried(read, files, recipe.max_pixels), strict=True):
        if isinstance(result, PictureError):
            faults.append(result)
            continue
        image, share = result
        images.append(image)
        kept.append(file)
        if share is not None:
            brightest, deep = max(brightest or 0.0, share), deep + 1
    if faults and (on_error != "skip" or not images):
        raise_faults(faults, len(files), can_skip=on_error is not None and bool(images))
    check_sizes([image.shape[:2] for image in images], kept)
    recipe.check_depth(brightest, deep)
    labels, names = classes_of(path, kept)
    dataset = image_dataset(
        path.resolve().name,
        np.stack(images),
        labels,
        normalization=normalization,
        class_names=names,
    )
    return dataset, kept


def check_sizes(sizes: Sequence[tuple[int, ...]], files: Sequence[Path]) -> None:
    """Raises where images differ in size and no size is asked for."""
    for size, file in zip(sizes, files, strict=True):
        if size != sizes[0]:
            raise ValueError(
                "Invalid value for argument `size`. Expected (height, width), because the images "
                f"differ in size: {files[0]} has {sizes[0]}, {file} has "
                f"{size}. Received: size=None. Give `size` to bring them to one"
            )
