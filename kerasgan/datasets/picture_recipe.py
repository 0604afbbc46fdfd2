"""How the files of a folder become pictures of one kind."""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import os
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from kerasgan.arguments import counted, invalid, one_of, positive_integer
from kerasgan.datasets._arrays import value_range_of
from kerasgan.datasets._colors import color_of
from kerasgan.datasets.picture import read_picture
from kerasgan.datasets.picture_header import (
    MOST_PIXELS,
    PictureError,
    PictureHeader,
    PictureRangeError,
    UnreadablePictureError,
    pixels_allowed,
    read_header,
)
from kerasgan.datasets.picture_size import RESIZES, fit_picture

Item = TypeVar("Item")
# So many faults a message lists.
_MOST_LISTED = 20
# Between the largest value of 12 bits and the next one, as a share of that of 16.
_TWELVE_BITS = 4095.5 / 65535


@dataclasses.dataclass(frozen=True)
class PictureRecipe:
    """How to make a picture from a file. The arguments are those of `image_folder`; it checks them.

    Args:
        size: Height and width, one integer for both, or `None`, those of the file.
        channels: `1`, `3` or `4`.
        resize: One of `RESIZES`.
        background: A color's name, its code or its three numbers.
        value_range: The values of black and white, or `None` for those that each file declares.
        min_size: The smallest side in pixels.
        max_pixels: The largest number of pixels.
    """

    size: Any = None
    channels: int = 3
    resize: str = "crop"
    background: Any = "white"
    value_range: Any = None
    min_size: int = 1
    max_pixels: int = MOST_PIXELS

    def __post_init__(self) -> None:
        values = {
            "size": height_and_width(self.size),
            "background": color_of("background", self.background),
            "value_range": None if self.value_range is None else value_range_of(self.value_range),
            "min_size": positive_integer("min_size", self.min_size),
            "max_pixels": positive_integer("max_pixels", self.max_pixels),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if isinstance(self.channels, bool) or self.channels not in (1, 3, 4):
            expected = "1 (gray), 3 (color) or 4 (color and opacity)"
            raise invalid("channels", self.channels, expected)
        one_of("resize", self.resize, RESIZES)

    def header(self, file: Path) -> PictureHeader:
        """Returns what a file declares about its picture."""
        return read_header(file, self.min_size, self.max_pixels)

    def read(self, file: Path, exactly: bool = False) -> np.ndarray:
        """Returns the picture of a file, at its own size.

        Args:
            file: The file.
            exactly: Whether a large JPEG file is decoded at its whole size. Defaults to `False`.
        """
        return read_picture(
            file,
            self.channels,
            self.value_range,
            self.background,
            self.min_size,
            self.max_pixels,
            enough=None if exactly or self.size is None else 2 * max(self.size),
        )

    def fit(self, picture: np.ndarray) -> np.ndarray:
        """Returns a picture at the size that is asked for."""
        if self.size is None:
            return picture
        return fit_picture(picture, self.size, self.resize, self.background)

    def check_depth(self, brightest: float | None, deep: int) -> None:
        """Raises an error if files of more than 8 bits are so dark that they may hold 12 bits in 16.

        Args:
            brightest: The largest value in such files, as a share of white. `None` if there are none.
            deep: How many such files there are.

        Raises:
            ValueError: If they are that dark and no `value_range` is given.
        """
        if self.value_range is None and brightest is not None and brightest < _TWELVE_BITS:
            raise ValueError(
                "Invalid value for argument `value_range`. Expected the values of black and white as (low, "
                f"high), because the brightest pixel of the {counted(deep, 'image')} with more than 8 bits "
                f"has {brightest:.2%} of white: 12 bits in files of 16 have (0, 4095), images that are "
                "so dark (0, 65535). Received: value_range=None"
            )


def height_and_width(size: Any) -> tuple[int, int] | None:
    """Returns a size as a pair, or raises a `ValueError`."""
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    if len(pair) != 2:
        raise invalid("size", size, "(height, width) or a positive integer")
    return positive_integer("size", pair[0]), positive_integer("size", pair[1])


def tried(
    function: Callable[[Item], Any], items: Iterable[Item], max_pixels: int
) -> Generator[Any, None, None]:
    """Calls a function that reads pictures with each item, in threads, and yields the results in order.

    If a file cannot be read, its result is the error. Only a few results are held at a time. Close the
    generator if you do not use it up: until then, Pillow's own limit of pixels is changed.
    """

    def attempt(item: Item) -> Any:
        try:
            return function(item)
        except PictureError as fault:
            return fault

    threads = _processors()
    waiting: collections.deque[concurrent.futures.Future[Any]] = collections.deque()
    with (
        pixels_allowed(max_pixels),
        concurrent.futures.ThreadPoolExecutor(threads) as pool,
    ):
        try:
            for item in items:
                waiting.append(pool.submit(attempt, item))
                if len(waiting) > 4 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def raise_faults(faults: Sequence[PictureError], count: int, can_skip: bool = True) -> None:
    """Raises one error for all files that cannot be read. It names up to 20 of them.

    Args:
        faults: The errors of the single files, at least one.
        count: How many files there are in all.
        can_skip: Whether the caller has an argument `on_error`, which the error then mentions. Defaults to
            `True`.

    Raises:
        PictureRangeError: If all faults are of that kind.
        UnreadablePictureError: Otherwise.
    """
    is_range = all(isinstance(fault, PictureRangeError) for fault in faults)
    lines = [f"{fault.path} {fault.why}" if is_range else _line(fault) for fault in faults]
    if len(lines) > _MOST_LISTED:
        more = len(lines) - _MOST_LISTED
        lines[_MOST_LISTED:] = [f"and {more:,} more, which `inspect_image_folder` lists"]
    whole = "\n".join(lines)
    if is_range:
        skip = ', or `on_error="skip"` to leave out files with other values' if can_skip else ""
        raise PictureRangeError(
            "Invalid value for argument `value_range`. Expected the values of black and white as (low, high)"
            f"{skip}: {whole}\nReceived: {len(faults)} of {count} files with other values",
            faults=faults,
        ) from faults[0]
    skip = ', or `on_error="skip"` to leave out those that cannot' if can_skip else ""
    received = f"{len(faults)} of {count} files that cannot:\n{whole}"
    raise UnreadablePictureError(
        f"Invalid value for argument `path`. Expected images that can be read{skip}. "
        f"Received: {whole if len(faults) == 1 else received}",
        faults=faults,
    ) from faults[0]


def _line(fault: PictureError) -> str:
    return f"{fault.path}, which cannot ({fault.why})"
