"""Pictures of one size in a file that is mapped into memory."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

# What a picture's numbers are divided by, so that white is 255.
_UNITS = {"uint8": 1.0, "uint16": 257.0, "float32": 1.0}
# So many pictures are looked at together.
_AT_ONCE = 256


def in_units_of(dtype: str, picture: np.ndarray) -> np.ndarray:
    """Returns a picture from 0 to 255 in the units of the type in which it is stored, without loss."""
    if dtype == "uint16":
        return np.rint(picture.astype("float32") * _UNITS[dtype]).astype(dtype)
    return picture.astype(dtype, copy=False)


@dataclasses.dataclass(frozen=True, eq=False)
class PictureStore:
    """Pictures in a file, as lines of equal length.

    If pictures are cropped at random, each is stored with one side longer than a crop. Its lines run across
    the longer side: they are the rows of an upright picture, or the columns of a wide one. A crop is then a
    run of lines. If pictures are not cropped at random, each is one line.

    Args:
        pixels: The file of the numbers.
        size: Height and width of a picture as it is returned.
        channels: Its channels, or those of the two pictures that are joined in it.
        dtype: `"uint8"`, `"uint16"` or `"float32"`.
        count: How many pictures there are.
        starts: The first line of each picture, or `None` if pictures are not cropped at random.
        lengths: How many lines each picture has, or `None`.
        upright: Whether the lines of each picture are rows, or `None`.
    """

    pixels: Path
    size: tuple[int, int]
    channels: tuple[int, ...]
    dtype: str
    count: int
    starts: np.ndarray | None = None
    lengths: np.ndarray | None = None
    upright: np.ndarray | None = None

    @property
    def line(self) -> int:
        """Numbers in a line."""
        return line_length(self.size, sum(self.channels), self.starts is not None)

    @property
    def lines(self) -> int:
        """Lines in the file."""
        if self.starts is None or self.lengths is None:
            return self.count
        return int(self.starts[-1] + self.lengths[-1]) + max(self.size)

    @property
    def normal_dtype(self) -> str:
        """The type of returned pictures from 0 to 255: uint8 if they are stored so, or else float32."""
        return "uint8" if self.dtype == "uint8" else "float32"

    def tensor(self) -> tf.Tensor:
        """Returns the file as a tensor. Only the parts that are read take memory."""
        with tf.device("CPU:0"):
            return tf.raw_ops.ImmutableConst(
                dtype=self.dtype,
                shape=[self.lines, self.line],
                memory_region_name=str(self.pixels.resolve()),
            )

    def gather(self, tensor: tf.Tensor, rows: tf.Tensor, where: tf.Tensor | None) -> tf.Tensor:
        """Returns pictures from 0 to 255, in a graph.

        Args:
            tensor: What `tensor` returned.
            rows: Their numbers, integers.
            where: Where crops are taken, one number in [0, 1) for each; `None` for the middle.
        """
        height, width = self.size
        depth = sum(self.channels)
        if self.starts is None or self.lengths is None or self.upright is None:
            found = tf.reshape(tf.gather(tensor, rows), [-1, height, width, depth])
        else:
            side = max(self.size)
            upright = tf.gather(tf.constant(self.upright), rows)
            taken = tf.cast(tf.where(upright, height, width), tf.int64)
            room = tf.gather(tf.constant(self.lengths), rows) - taken
            if where is None:
                first = room // 2
            else:
                places = tf.cast(room + 1, tf.float32)
                first = tf.minimum(tf.cast(where * places, tf.int64), room)
            first += tf.gather(tf.constant(self.starts), rows)
            lines = tf.gather(tensor, first[:, None] + tf.range(side, dtype=tf.int64))
            squares = tf.reshape(lines, [-1, side, side, depth])
            turned = tf.transpose(squares, [0, 2, 1, 3])
            found = tf.where(upright[:, None, None, None], squares, turned)
            found = found[:, :height, :width]
        if self.normal_dtype == self.dtype:
            return found
        return tf.cast(found, tf.float32) / _UNITS[self.dtype]

    def images(self, rows: np.ndarray) -> np.ndarray:
        """Returns pictures from 0 to 255 as an array. If they are cropped, the crops are from the middle."""
        height, width = self.size
        file = np.memmap(self.pixels, self.dtype, "r", shape=(self.lines, self.line))
        found = np.empty((len(rows), height, width, sum(self.channels)), self.normal_dtype)
        for place, row in enumerate(rows):
            found[place] = self._picture(file, row) / np.float32(_UNITS[self.dtype])
        return found

    def _picture(self, file: np.ndarray, row: int) -> np.ndarray:
        height, width = self.size
        depth = sum(self.channels)
        if self.starts is None or self.lengths is None or self.upright is None:
            return file[row].reshape(height, width, depth)
        side = max(self.size)
        first = (
            self.starts[row] + (self.lengths[row] - (height if self.upright[row] else width)) // 2
        )
        square = file[first : first + side].reshape(side, side, depth)
        return (square if self.upright[row] else square.swapaxes(0, 1))[:height, :width]

    def moments(self, rows: np.ndarray) -> tuple[float, float]:
        """Returns the mean and the standard deviation of pictures' numbers, from 0 to 255."""
        total = squares = count = 0.0
        for start in range(0, len(rows), _AT_ONCE):
            # About the middle of the range, so that squares lose no digits.
            part = self.images(rows[start : start + _AT_ONCE]).astype("float64") - 127.5
            total, squares = total + part.sum(), squares + np.square(part).sum()
            count += part.size
        mean = total / count
        return mean + 127.5, float(np.sqrt(max(0.0, squares / count - mean**2)))


def line_length(size: tuple[int, int], depth: int, is_cropped: bool) -> int:
    """Returns how many numbers a line of the file has."""
    return (max(size) if is_cropped else size[0] * size[1]) * depth


def save_index(path: Path, store: PictureStore, kept: np.ndarray, facts: dict[str, Any]) -> None:
    """Writes the description of a file of pictures, with other facts."""
    arrays = {
        name: getattr(store, name)
        for name in ("starts", "lengths", "upright")
        if getattr(store, name) is not None
    }
    own = {"size": store.size, "channels": store.channels, "dtype": store.dtype}
    np.savez(path, kept=kept, facts=np.array(json.dumps({**own, **facts})), **arrays)


def load_index(path: Path, pixels: Path) -> tuple[PictureStore, np.ndarray, dict[str, Any]]:
    """Reads what `save_index` wrote."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    facts = json.loads(str(arrays.pop("facts")))
    kept = arrays.pop("kept")
    store = PictureStore(
        pixels,
        tuple(facts["size"]),
        tuple(facts["channels"]),
        facts["dtype"],
        len(kept),
        **arrays,
    )
    return store, kept, facts
