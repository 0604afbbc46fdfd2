"""Writes the file that a `PictureStore` reads."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO

import numpy as np

from kerasgan.datasets.picture_store import PictureStore, in_units_of, line_length


class PictureWriter:
    """Writes pictures to a file, one after another; the arguments are those of a `PictureStore`.

    Args:
        file: The open file.
        size: Height and width.
        channels: Channels, or those of the two pictures that are joined.
        dtype: The type to write.
        is_cropped: Whether pictures come with one side longer than `size` says.
    """

    def __init__(
        self,
        file: IO[bytes],
        size: tuple[int, int],
        channels: tuple[int, ...],
        dtype: str,
        is_cropped: bool,
    ) -> None:
        self.file, self.size, self.channels, self.dtype = file, size, channels, dtype
        self.is_cropped = is_cropped
        self._line = line_length(size, sum(channels), is_cropped)
        self._lengths: list[int] = []
        self._upright: list[bool] = []
        self._prints: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def different(self) -> int:
        """How many different pictures were written."""
        return len(self._prints)

    def add(self, picture: np.ndarray) -> None:
        """Writes a picture, from 0 to 255."""
        upright = picture.shape[1] == self.size[1]
        lines = in_units_of(self.dtype, picture if upright else picture.swapaxes(0, 1))
        if self.is_cropped:
            lines = lines.reshape(len(lines), -1)
            lines = np.pad(lines, ((0, 0), (0, self._line - lines.shape[1])))
        content = np.ascontiguousarray(lines).tobytes()
        # The same bytes are another picture where they are rows and not columns.
        salt = b"rows" if upright else b"columns"
        self._prints.add(hashlib.blake2b(content, digest_size=16, salt=salt).digest())
        self._lengths.append(len(lines))
        self._upright.append(upright)
        self.file.write(content)

    def finish(self, path: Path) -> PictureStore:
        """Writes the end of the file, and returns the pictures.

        Args:
            path: Where the file will lie.
        """
        crops: dict[str, np.ndarray] = {}
        if self.is_cropped:
            # A crop reads as many lines as the longer side of its size has.
            spare = np.zeros((max(self.size), self._line), self.dtype)
            self.file.write(spare.tobytes())
            lengths = np.array(self._lengths, dtype=np.int64)
            crops = {
                "starts": np.cumsum(lengths) - lengths,
                "lengths": lengths,
                "upright": np.array(self._upright),
            }
        return PictureStore(path, self.size, self.channels, self.dtype, len(self), **crops)
