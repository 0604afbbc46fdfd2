"""The files of a data set's pictures: for each picture one file, two files, or the two halves of one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from kerasgan.datasets.image_folder import check_sizes
from kerasgan.datasets.picture_header import PictureError, PictureHeader, unreadable
from kerasgan.datasets.picture_recipe import PictureRecipe, tried

# Files that an earlier way to store pictures has written are not read.
_VERSION = 1
_CUTS: dict[str, tuple[int, tuple[Callable[[np.ndarray], np.ndarray], ...]]] = {
    "left_right": (1, (lambda x: x[:, : x.shape[1] // 2], lambda x: x[:, -(x.shape[1] // 2) :])),
    "top_bottom": (0, (lambda x: x[: x.shape[0] // 2], lambda x: x[-(x.shape[0] // 2) :])),
}
HALVES = tuple(_CUTS)


@dataclasses.dataclass(frozen=True)
class PictureSources:
    """The files of a data set's pictures, and how to read them.

    Args:
        folders: The folders.
        items: The files of each picture: one, or two that belong together.
        recipes: How to make a picture from a file: one recipe, or two whose channels are joined.
        halves: How to cut a file into two pictures, one of `HALVES`; `None` if files are not cut.
    """

    folders: tuple[Path, ...]
    items: Sequence[tuple[Path, ...]]
    recipes: tuple[PictureRecipe, ...]
    halves: str | None = None

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels of the picture, or of the two that are joined."""
        return tuple(recipe.channels for recipe in self.recipes)

    @property
    def max_pixels(self) -> int:
        """The largest number of pixels of a picture."""
        return self.recipes[0].max_pixels

    def key(self) -> str:
        """Returns a digest of the folders and recipes. Other folders or recipes have another one."""
        recipes = [dataclasses.asdict(recipe) for recipe in self.recipes]
        folders = [str(folder.resolve()) for folder in self.folders]
        return _digest(json.dumps([_VERSION, folders, recipes, self.halves]))

    def state(self) -> str:
        """Returns a digest of the files, which changes when a file is written, added or removed."""
        parts = [PIL.__version__]
        for item in self.items:
            for part, file in enumerate(item):
                parts.append(str(file.relative_to(self.folders[part])))
                try:
                    stat = file.stat()
                    parts.append(f"{stat.st_size} {stat.st_mtime_ns}")
                except OSError:  # a link to nothing
                    parts.append("")
        return _digest("\0".join(parts))

    def headers(self) -> list[list[PictureHeader] | PictureError]:
        """Returns what the files of each picture declare, or an error if one of them cannot be read."""
        return list(tried(self._headers, self.items, self.max_pixels))

    def _headers(self, item: tuple[Path, ...]) -> list[PictureHeader]:
        found = [recipe.header(file) for file, recipe in zip(item, self.recipes, strict=False)]
        if self.halves is not None:
            axis, _ = _CUTS[self.halves]
            side = ("height", "width")[axis]
            half = getattr(found[0], side) // 2
            if half == 0:
                raise unreadable(item[0], f"its {side} of 1 pixel cannot be cut in halves")
            found = [dataclasses.replace(found[0], **{side: half})] * 2
        if len(found) == 2 and not _alike(*found):
            (one, other) = ((header.height, header.width) for header in found)
            raise unreadable(
                item[-1], f"it has {other} pixels, another shape than {item[0]} with {one} pixels"
            )
        return found

    def with_size(self, headers: Sequence[Sequence[PictureHeader]]) -> PictureSources:
        """Returns these sources with a size: the pictures' own, if the recipe has none.

        Raises:
            ValueError: If the pictures differ in size.
        """
        if self.recipes[0].size is not None:
            return self
        sizes = [(header.height, header.width) for found in headers for header in found]
        each = len(headers[0])
        files = [item[min(part, len(item) - 1)] for item in self.items for part in range(each)]
        check_sizes(sizes, files)
        recipes = tuple(dataclasses.replace(recipe, size=sizes[0]) for recipe in self.recipes)
        return dataclasses.replace(self, recipes=recipes)

    def dtype(self, headers: Sequence[Sequence[PictureHeader]]) -> str:
        """Returns the smallest type that holds all pictures without loss."""
        value_range = self.recipes[0].value_range
        every = [header for found in headers for header in found]
        if any(header.numbers == "float" or header.bits > 16 for header in every):
            return "float32"
        if value_range is not None:
            low, high = value_range
            return "uint16" if high - low <= 65535 else "float32"
        if any(header.numbers == "signed" for header in every):
            return "float32"
        return "uint8" if all(header.bits <= 8 for header in every) else "uint16"

    def read(self, item: tuple[Path, ...]) -> tuple[np.ndarray, float | None]:
        """Returns a picture at its size, and its largest value as a share of white.

        The share is `None` for files of up to 8 bits. Two pictures that belong together are joined along
        their channels.
        """
        pictures, brightest = [], None
        whole: dict[Any, np.ndarray] = {}
        for part, recipe in enumerate(self.recipes):
            file = item[min(part, len(item) - 1)]
            if (file, recipe.channels) not in whole:
                whole[file, recipe.channels] = recipe.read(file, exactly=len(self.recipes) > 1)
            picture = whole[file, recipe.channels]
            if picture.dtype != np.uint8:
                brightest = max(brightest or 0.0, float(picture.max()) / 255.0)
            if self.halves is not None:
                picture = _CUTS[self.halves][1][part](picture)
            pictures.append(recipe.fit(picture))
        if len(pictures) == 1:
            return pictures[0], brightest
        # Two sizes of one shape can be a pixel apart after rounding.
        rows, columns = (min(picture.shape[axis] for picture in pictures) for axis in (0, 1))
        return np.concatenate([each[:rows, :columns] for each in pictures], axis=-1), brightest


def _alike(one: PictureHeader, other: PictureHeader) -> bool:
    """Tells whether two pictures have one shape, within a pixel of the smaller one."""
    small, large = sorted((one, other), key=lambda header: header.height * header.width)
    return abs(large.width * small.height / large.height - small.width) <= 1.0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
