"""What a folder of pictures holds."""

from __future__ import annotations

import collections
import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasgan.arguments import counted, positive_integer
from kerasgan.datasets.image_files import classes_of, list_images, listed, other_files
from kerasgan.datasets.picture_header import (
    MOST_PIXELS,
    PictureError,
    PictureHeader,
    PictureRangeError,
)
from kerasgan.datasets.picture_recipe import PictureRecipe, tried

_GRAY = ("1", "L", "LA", "La", "I", "F")
# A class this many times as frequent as another is worth a word.
_UNEVEN = 5
_MOST_LISTED = 10
_MOST_NAMED = 6


@dataclasses.dataclass(frozen=True)
class ImageFolderReport:
    """What a folder of pictures holds. `inspect_image_folder` makes it; print it to read it.

    Attributes:
        path: The folder.
        count: How many pictures can be read.
        sizes: How many pictures have each `(height, width)`.
        modes: How many pictures have each of Pillow's modes, such as `"RGB"`, `"L"` (gray) and `"RGBA"`.
        depths: How many pictures have each depth, such as `"8 bits"`, `"16 bits"` and `"float, 32 bits"`.
        formats: How many files have each format, such as `"PNG"`.
        transparent: How many pictures may have transparent parts.
        undeclared: How many pictures do not declare which values are black and white.
        classes: How many pictures each sub-folder has, or `None` if the sub-folders are no classes.
        stray: If there are sub-folders, how many pictures are in none of them; else 0.
        broken: An error for each file that cannot be read, with its `path` and the reason, `why`.
        others: How many files that are no pictures there are, by their endings.
    """

    path: Path
    count: int
    sizes: dict[tuple[int, int], int]
    modes: dict[str, int]
    depths: dict[str, int]
    formats: dict[str, int]
    transparent: int
    undeclared: int
    classes: dict[str, int] | None
    stray: int
    broken: tuple[PictureError, ...]
    others: dict[str, int]

    @property
    def has_color(self) -> bool:
        """Whether a picture may have color. Gray pictures that are stored as color count as color."""
        return any(not mode.startswith("I;16") and mode not in _GRAY for mode in self.modes)

    @property
    def channels(self) -> int:
        """The channels that suit the pictures: `1` if all are gray, or else `3`."""
        return 3 if self.has_color else 1

    @property
    def shortest_side(self) -> int | None:
        """The shortest side of all pictures in pixels. A larger `size` enlarges some pictures."""
        return min((min(size) for size in self.sizes), default=None)

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each thing to decide before training, with the argument of `image_stream` to use."""
        found = []
        if self.broken:
            it = "it" if len(self.broken) == 1 else "them"
            found.append(
                f"{counted(len(self.broken), 'file')} cannot be read: mend or delete {it}, or leave {it} out "
                'with `on_error="skip"`.'
            )
        if self.count < 2:
            found.append(
                f"{_pictures(self.count)} can be read, and a generator learns from many: add some, or "
                "train on what there is with `min_count=1`."
            )
        if self.shortest_side == 1:
            small = sum(count for size, count in self.sizes.items() if min(size) < 2)
            found.append(
                f"{_pictures(small)} with a side of 1 pixel: take them with `min_size=1`, or leave "
                'them out with `on_error="skip"`.'
            )
        if len(self.sizes) > 1:
            found.append(
                f"{len(self.sizes):,} different sizes: bring them to one with `size=(height, width)`."
            )
        if self.undeclared:
            found.append(
                f"{counted(self.undeclared, 'file')} with numbers that declare no black and white: give them "
                "with `value_range=(low, high)`."
            )
        if self.stray:
            found.append(
                f"{_pictures(self.stray)} beside the sub-folders, which are therefore no classes: "
                "move all pictures into sub-folders to have classes."
            )
        counts = (self.classes or {"": 1}).values()
        most, least = max(counts), min(counts)
        if most >= _UNEVEN * least:
            found.append(
                f"The largest class has {most / least:.0f} times as many pictures as the smallest: "
                "`batches(even_classes=True)` draws all equally often."
            )
        return tuple(found)

    def __str__(self) -> str:
        broken = [f"{error.path}: {error.why}" for error in self.broken]
        if len(broken) > _MOST_LISTED:
            broken[_MOST_LISTED:] = [f"and {len(broken) - _MOST_LISTED:,} more"]
        rows = [
            ("height×width", _shares({f"{h}×{w}": n for (h, w), n in self.sizes.items()})),
            ("modes", _shares(self.modes)),
            ("depths", _shares(self.depths)),
            ("formats", _shares(self.formats)),
            ("transparent", f"{self.transparent:,}" if self.transparent else ""),
            ("classes", _shares(self.classes) if self.classes else ""),
            ("other files", listed(collections.Counter(self.others))),
            *zip(["broken", *[""] * len(broken)], broken, strict=False),
        ]
        lines = [f"  {name:<14}{value}" for name, value in rows if value]
        notes = [f"- {problem}" for problem in self.problems]
        return "\n".join([f"{self.path}: {_pictures(self.count)}", *lines, *notes])


def inspect_image_folder(
    path: str | os.PathLike[str],
    decode: bool = False,
    max_pixels: int = MOST_PIXELS,
) -> ImageFolderReport:
    """Reports what kinds of pictures a folder and its sub-folders hold.

    It reads what each file declares, a few thousand files a second. Set `decode` to find files that are cut
    off in the middle, too.

    Args:
        path: The folder. As in `image_folder`.
        decode: Whether to decode all pictures too. Defaults to `False`.
        max_pixels: The largest number of pixels of a picture. Files with more count as broken. Defaults to
            about 179 million.

    Returns:
        An `ImageFolderReport`, which prints well.

    Raises:
        FileNotFoundError: If there is no such folder.
        NotADirectoryError: If `path` is a file.
        ValueError: If the folder has no pictures, or `max_pixels` is no positive integer.

    Example:

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, mode, size in (("a", "RGB", (64, 48)), ("b", "L", (32, 32))):
    ...         Image.new(mode, size).save(f"{folder}/{name}.png")
    ...     report = inspect_image_folder(folder)
    >>> report.count, report.channels, report.shortest_side
    (2, 3, 32)
    >>> report.problems
    ('2 different sizes: bring them to one with `size=(height, width)`.',)
    """
    path = Path(path)
    files = list_images(path)
    max_pixels = positive_integer("max_pixels", max_pixels)
    recipe = PictureRecipe(max_pixels=max_pixels)

    def look(file: Path) -> tuple[PictureHeader, bool]:
        header = recipe.header(file)
        if decode and header.declares_range:
            try:
                recipe.read(file)
            except PictureRangeError:
                return header, False
        return header, header.declares_range

    headers, declared, sound, broken = [], 0, [], []
    for file, result in zip(files, tried(look, files, max_pixels), strict=True):
        if isinstance(result, PictureError):
            broken.append(result)
            continue
        headers.append(result[0])
        declared += result[1]
        sound.append(file)
    labels, names = classes_of(path, sound)
    counts = None if labels is None else np.bincount(labels)
    beside = sum(file.parent == path for file in sound)
    return ImageFolderReport(
        path=path,
        count=len(sound),
        sizes=_counts((header.height, header.width) for header in headers),
        modes=_counts(header.mode for header in headers),
        depths=_counts(_depth(header) for header in headers),
        formats=_counts(header.file_format for header in headers),
        transparent=sum(header.is_transparent for header in headers),
        undeclared=len(sound) - declared,
        classes=None if counts is None else dict(zip(names or (), counts.tolist(), strict=True)),
        stray=beside if beside < len(sound) else 0,
        broken=tuple(broken),
        others=dict(other_files(path)),
    )


def _counts(values: Iterable[Any]) -> dict[Any, int]:
    """Returns how often each value comes, the most frequent first."""
    return dict(collections.Counter(values).most_common())


def _depth(header: PictureHeader) -> str:
    kind = "" if header.numbers == "unsigned" else f"{header.numbers}, "
    return f"{kind}{counted(header.bits, 'bit')}"


def _shares(counts: Mapping[Any, int]) -> str:
    """Returns what there is, and of how many kinds the most frequent ones alone."""
    if len(counts) == 1:
        return str(next(iter(counts)))
    most = [f"{name} ({count:,})" for name, count in list(counts.items())[:_MOST_NAMED]]
    more = [f"and {len(counts) - _MOST_NAMED:,} more"] if len(counts) > _MOST_NAMED else []
    return ", ".join([*most, *more])


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"
