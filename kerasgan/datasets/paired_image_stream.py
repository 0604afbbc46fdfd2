"""Pairs of pictures, read from the disk while a model trains."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kerasgan.arguments import one_of, positive_integer
from kerasgan.datasets._orders import in_turn, shuffled
from kerasgan.datasets._picture_stream import PictureStream, opened
from kerasgan.datasets.image_files import list_images
from kerasgan.datasets.normalization import Normalization
from kerasgan.datasets.picture_header import MOST_PIXELS, PictureError, unreadable
from kerasgan.datasets.picture_recipe import PictureRecipe
from kerasgan.datasets.picture_sources import HALVES, PictureSources

# So many files a message lists.
_MOST_LISTED = 20


class PairedImageStream(PictureStream):
    """Pairs of pictures on the disk. `paired_image_stream` makes it, and `batches` reads minibatches.

    Attributes:
        name: Name of the data.
        sample_shapes: Height, width and channels of the pictures of each domain.
        files: The two files of each pair, or the one file that holds both halves.
        normalization: The `Normalization` of pixels from 0 to 255.
        skipped: An error for each pair that was left out, with the `path` and the reason, `why`.
    """

    @property
    def sample_shapes(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Height, width and channels of the pictures of each domain."""
        a, b = self._store.channels
        return (*self._store.size, a), (*self._store.size, b)

    def batches(
        self,
        batch_size: int,
        shuffle: bool = True,
        seed: int | None = None,
        *,
        passes: int = 1,
        normalize: bool = True,
        random: bool | None = None,
        drop_remainder: bool | None = None,
    ) -> tf.data.Dataset:
        """Returns the pairs in minibatches, for one epoch. Both pictures are cropped and flipped alike.

        Args:
            batch_size: Positive integer.
            shuffle: As in `ImageStream.batches`. Defaults to `True`.
            seed: As in `ImageStream.batches`. Defaults to `None`.
            passes: As in `ImageStream.batches`. Defaults to `1`.
            normalize: As in `ImageStream.batches`. Defaults to `True`.
            random: As in `ImageStream.batches`. Defaults to `None`, as `shuffle`.
            drop_remainder: As in `ImageStream.batches`. Defaults to `None`, as `shuffle`.

        Returns:
            A `tf.data.Dataset` of `(a, b)`.

        Raises:
            ValueError: If an argument is out of range, or there are too few pairs for one full minibatch.
        """
        passes = positive_integer("passes", passes)
        a, b = self.sample_shapes

        def finish(pictures: tf.Tensor, chosen: tf.Tensor) -> Any:
            return (
                tf.ensure_shape(pictures[..., : a[-1]], (None, *a)),
                tf.ensure_shape(pictures[..., a[-1] :], (None, *b)),
            )

        return self._batches(
            (shuffled if shuffle else in_turn)(len(self), passes),
            finish,
            batch_size,
            passes,
            seed,
            normalize,
            shuffle if random is None else random,
            shuffle if drop_remainder is None else drop_remainder,
        )

    def images(
        self, indices: Sequence[int] | np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the pictures of pairs from 0 to 255, as two arrays.

        Args:
            indices: Their numbers. Defaults to `None`, all of them.
        """
        pictures = self._store.images(self._chosen(indices))
        first = self._store.channels[0]
        return pictures[..., :first], pictures[..., first:]

    def __repr__(self) -> str:
        parts = [*self._description(), f"sample_shapes={self.sample_shapes}"]
        return f"PairedImageStream({', '.join(parts)}, normalization={self.normalization!r})"


def paired_image_stream(
    a: str | os.PathLike[str],
    b: str | os.PathLike[str] | None = None,
    size: int | tuple[int, int] | None = None,
    channels: int | tuple[int, int] = 3,
    normalization: str | Normalization = "tanh",
    value_range: tuple[float, float] | None = None,
    *,
    halves: str = "left_right",
    resize: str = "crop",
    flip: str | None = None,
    background: str | tuple[float, float, float] = "white",
    on_error: str = "raise",
    min_size: int = 2,
    min_count: int = 2,
    max_pixels: int = MOST_PIXELS,
    cache: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> PairedImageStream:
    """Returns pairs of pictures, read from the disk while a model trains.

    Pass two folders, or one. In two folders, the two pictures of a pair have the same name (their endings may
    differ). In one folder, each picture is cut into two halves. The two pictures of a pair have the same
    shape, and are cropped and flipped alike. A `kerasgan.ConditionalGAN` that is trained on the batches
    learns to draw the picture of `a` for that of `b`.

    Args:
        a: The folder of one domain, or of both.
        b: The folder of the other domain. Defaults to `None`: the pictures of `a` hold both.
        size: As in `image_stream`, of one picture of a pair. Defaults to `None`.
        channels: As in `image_stream`, or a pair of numbers if the domains differ. Defaults to `3`.
        normalization: As in `image_stream`, the same for both. Defaults to `"tanh"`.
        value_range: As in `image_stream`, the same for both. Defaults to `None`.
        halves: How to cut pictures if there is no `b`: `"left_right"` or `"top_bottom"`, the half of `a`
            first. If a side has an odd number of pixels, the middle line belongs to neither half. Defaults to
            `"left_right"`.
        resize: As in `image_stream`. Defaults to `"crop"`.
        flip: As in `image_stream`. Defaults to `None`.
        background: As in `image_stream`. Defaults to `"white"`.
        on_error: What to do with pairs that are not whole, or whose pictures differ in shape: `"raise"`
            raises an error that names them, and `"skip"` leaves them out. Defaults to `"raise"`.
        min_size: As in `image_stream`. Defaults to `2`.
        min_count: The smallest number of different pairs. Defaults to `2`.
        max_pixels: As in `image_stream`. Defaults to about 179 million.
        cache: As in `image_stream`. Defaults to `None`.
        progress: As in `image_stream`. Defaults to `None`.

    Returns:
        A `PairedImageStream`.

    Raises:
        FileNotFoundError: If there is no such folder.
        NotADirectoryError: If `a` or `b` is a file.
        ValueError: As in `image_stream`; or if pictures have no partner, the names of two pictures in a
            folder differ only in their endings, or the pictures of a pair differ in shape.

    Example:

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for value in range(5):
    ...         Image.new("RGB", (16, 8), (50 * value, 0, 0)).save(f"{folder}/{value}.png")
    ...     pairs = paired_image_stream(folder, size=4, cache=f"{folder}/cache")
    ...     [(a.shape.as_list(), b.shape.as_list()) for a, b in pairs.batches(4, seed=0)]
    [([4, 4, 4, 3], [4, 4, 4, 3])]
    """
    one_of("halves", halves, HALVES)
    one_of("on_error", on_error, ("raise", "skip"))
    both = tuple(channels) if isinstance(channels, (tuple, list)) else (channels, channels)
    if len(both) != 2:
        raise ValueError(
            "Invalid value for argument `channels`. Expected one number of channels, or one for each domain. "
            f"Received: channels={channels!r}"
        )
    recipes = tuple(
        PictureRecipe(size, each, resize, background, value_range, min_size, max_pixels)
        for each in both
    )
    folders = (Path(a),) if b is None else (Path(a), Path(b))
    items: list[tuple[Path, ...]]
    alone: list[PictureError] = []
    if b is None:
        items = [(file,) for file in list_images(a, "a")]
    else:
        items, alone = _partners(Path(a), Path(b), on_error)
    sources = PictureSources(folders, items, recipes, halves if b is None else None)
    pictures, chosen = opened(sources, normalization, flip, on_error, min_count, cache, progress)
    kept = [items[place] for place in pictures.kept]
    name = " and ".join(folder.resolve().name for folder in folders)
    rows = np.arange(len(kept))
    skipped = [*alone, *pictures.faults]
    return PairedImageStream(name, pictures.store, rows, kept, skipped, chosen, flip)


def _partners(a: Path, b: Path, on_error: str) -> tuple[list[tuple[Path, ...]], list[PictureError]]:
    """Returns the pictures of two folders that have one name, but for its ending, and what is left out."""
    named = [_by_name(folder, argument) for folder, argument in ((a, "a"), (b, "b"))]
    alone = sorted(named[0].keys() ^ named[1].keys())
    both = sorted(named[0].keys() & named[1].keys())
    files = [named[0].get(name) or named[1][name] for name in alone]
    if alone and (on_error != "skip" or not both):
        lines = [str(file) for file in files]
        if len(lines) > _MOST_LISTED:
            lines[_MOST_LISTED:] = [f"and {len(lines) - _MOST_LISTED:,} more"]
        skip = ', or `on_error="skip"` to leave out others' if both else ""
        whole = "\n".join(lines)
        raise ValueError(
            f"Invalid value for argument `b`. Expected pictures of the same names as in {a}{skip}. "
            f"Received: {len(alone)} without a partner:\n{whole}"
        )
    faults: list[PictureError] = [unreadable(file, "it has no partner") for file in files]
    return [(named[0][name], named[1][name]) for name in both], faults


def _by_name(folder: Path, argument: str) -> dict[Path, Path]:
    found: dict[Path, Path] = {}
    for file in list_images(folder, argument):
        name = file.relative_to(folder).with_suffix("")
        if name in found:
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected one picture of each name. "
                f"Received: {found[name]} and {file}"
            )
        found[name] = file
    return found
