"""Pictures of a folder, read from the disk while a model trains."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kerasgan.arguments import non_negative_integer, number, positive_integer
from kerasgan.datasets._orders import evenly_drawn, in_turn, shuffled
from kerasgan.datasets._picture_stream import PictureStream, opened
from kerasgan.datasets.image_files import classes_of, list_images
from kerasgan.datasets.normalization import Normalization
from kerasgan.datasets.picture_header import MOST_PIXELS, PictureError
from kerasgan.datasets.picture_recipe import PictureRecipe
from kerasgan.datasets.picture_sources import PictureSources
from kerasgan.datasets.picture_store import PictureStore


class ImageStream(PictureStream):
    """Pictures on the disk. `image_stream` makes it, and `batches` reads minibatches.

    Attributes:
        name: Name of the data.
        sample_shape: Height, width and channels of a picture.
        files: The file of each picture.
        y: Their class labels, int32, or `None`.
        class_names: Names of the classes in the order of the labels, or `None`.
        number_of_classes: Number of classes, or `None`.
        normalization: The `Normalization` of pixels from 0 to 255.
        skipped: An error for each file that was left out, with its `path` and the reason, `why`.
    """

    def __init__(
        self,
        name: str,
        store: PictureStore,
        rows: np.ndarray,
        files: Sequence[Path],
        skipped: Sequence[PictureError],
        normalization: Normalization,
        flip: str | None,
        y: np.ndarray | None,
        class_names: tuple[str, ...] | None,
    ) -> None:
        super().__init__(name, store, rows, files, skipped, normalization, flip)
        self.y = y
        self.class_names = class_names

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a picture."""
        return (*self._store.size, self._store.channels[0])

    @property
    def number_of_classes(self) -> int | None:
        """Number of classes, or `None`."""
        return None if self.class_names is None else len(self.class_names)

    def batches(
        self,
        batch_size: int,
        shuffle: bool = True,
        seed: int | None = None,
        *,
        passes: int = 1,
        even_classes: bool = False,
        labels: bool = True,
        normalize: bool = True,
        random: bool | None = None,
        drop_remainder: bool | None = None,
    ) -> tf.data.Dataset:
        """Returns the pictures in minibatches, for one epoch.

        With a seed, the pictures, their order, their crops and flips are the same in every process. They
        depend only on the seed and on how many epochs were begun before. So a run that is resumed continues
        exactly where it was.

        Args:
            batch_size: Positive integer.
            shuffle: Whether each epoch has a random order. Defaults to `True`.
            seed: Seed of all random choices. Pass one if you want to resume the run. Defaults to `None`.
            passes: How often each picture comes in an epoch. If you have few pictures, more passes make
                epochs longer. Defaults to `1`.
            even_classes: Whether all classes are drawn equally often, however many pictures they have. The
                length of an epoch stays the same, and pictures of small classes come more often. Defaults to
                `False`.
            labels: Whether elements are `(x, y)` if there are classes. Defaults to `True`.
            normalize: Whether pictures are normalized, as float32. Otherwise they go from 0 to 255, as uint8,
                or as float32 if files have more than 8 bits. Defaults to `True`.
            random: Whether crops and flips are random. Otherwise crops come from the middle, and nothing is
                flipped. Defaults to `None`, the value of `shuffle`.
            drop_remainder: Whether to leave out a last minibatch that is not full. Defaults to `None`, the
                value of `shuffle`.

        Returns:
            A `tf.data.Dataset` of `x`, or of `(x, y)`.

        Raises:
            ValueError: If an argument is out of range, `even_classes` is set without classes or without
                `shuffle`, or there are too few pictures for one full minibatch.
        """
        passes = positive_integer("passes", passes)
        order = self._order(shuffle, passes, even_classes)
        y = None if self.y is None or not labels else tf.constant(self.y)

        def finish(pictures: tf.Tensor, chosen: tf.Tensor) -> Any:
            x = tf.ensure_shape(pictures, (None, *self.sample_shape))
            return x if y is None else (x, tf.gather(y, chosen))

        return self._batches(
            order,
            finish,
            batch_size,
            passes,
            seed,
            normalize,
            shuffle if random is None else random,
            shuffle if drop_remainder is None else drop_remainder,
        )

    def _order(
        self, shuffle: bool, passes: int, even_classes: bool
    ) -> Callable[[tf.Tensor], tf.Tensor]:
        if not even_classes:
            return (shuffled if shuffle else in_turn)(len(self), passes)
        if self.y is None or not shuffle:
            why = (
                "`shuffle=False` gives each picture in its turn"
                if self.y is not None
                else ("there are no classes: not every picture lies in a sub-folder")
            )
            raise ValueError(
                f"Invalid value for argument `even_classes`. Expected False, because {why}. "
                "Received: even_classes=True"
            )
        return evenly_drawn(self.y, passes)

    def images(self, indices: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """Returns pictures from 0 to 255, as an array.

        Args:
            indices: Their numbers. Defaults to `None`, all of them.

        Returns:
            Array `(count, height, width, channels)`, uint8, or float32 if files have more than 8 bits.
        """
        return self._store.images(self._chosen(indices))

    def split(self, share: float, seed: int = 0) -> tuple[ImageStream, ImageStream]:
        """Returns two streams: the pictures to train on, and some that are held out.

        Args:
            share: The share of the pictures that is held out, in (0, 1).
            seed: Seed of the choice. Defaults to `0`.

        Raises:
            ValueError: If the share is out of range, or leaves nothing on one side.
        """
        share = number("share", share, "a number in (0, 1)", lambda given: 0 < given < 1)
        cut = round(share * len(self))
        if not 0 < cut < len(self):
            raise ValueError(
                "Invalid value for argument `share`. Expected pictures on both sides. "
                f"Received: share={share} of {len(self)}"
            )
        order = np.random.default_rng(non_negative_integer("seed", seed)).permutation(len(self))
        return self._subset(np.sort(order[cut:])), self._subset(np.sort(order[:cut]))

    def _subset(self, indices: np.ndarray) -> ImageStream:
        return ImageStream(
            self.name,
            self._store,
            self._rows[indices],
            [self.files[index] for index in indices],
            self.skipped,
            self.normalization,
            self.flip,
            None if self.y is None else self.y[indices],
            self.class_names,
        )

    def __repr__(self) -> str:
        parts = [*self._description(), f"sample_shape={self.sample_shape}"]
        if self.number_of_classes is not None:
            parts.append(f"number_of_classes={self.number_of_classes}")
        return f"ImageStream({', '.join(parts)}, normalization={self.normalization!r})"


def image_stream(
    path: str | os.PathLike[str],
    size: int | tuple[int, int] | None = None,
    channels: int = 3,
    normalization: str | Normalization = "tanh",
    value_range: tuple[float, float] | None = None,
    *,
    resize: str = "crop",
    flip: str | None = None,
    background: str | tuple[float, float, float] = "white",
    on_error: str = "raise",
    min_size: int = 2,
    min_count: int = 2,
    max_pixels: int = MOST_PIXELS,
    cache: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> ImageStream:
    """Returns the pictures of a folder and its sub-folders, read from the disk while a model trains.

    It is `image_folder` for any number of pictures: more pictures do not need more memory. All pictures are
    decoded and resized once, into a file that is mapped into memory. The next run uses that file again, if no
    picture was added, removed or written since.

    Args:
        path: The folder. As in `image_folder`.
        size: Height and width of the pictures, as `(height, width)` or one positive integer for both. With
            `None`, pictures keep their size, and must all have the same. Defaults to `None`.
        channels: `3` for color, `1` for gray, `4` for color and opacity. Defaults to `3`.
        normalization: `"tanh"` ([-1, 1]), `"min_max"` ([0, 1]), `"z_score"`, or a `Normalization` of pixels
            from 0 to 255. Defaults to `"tanh"`.
        value_range: The values that stand for black and white in all files, `(low, high)`. Defaults to
            `None`: the values that each file declares.
        resize: How to resize pictures whose shape differs from that of `size`. `"crop"` takes the largest
            part from the middle. `"random_crop"` takes a part as large from another place each time. `"pad"`
            puts the whole picture on `background`. `"stretch"` changes the shape. If a picture is more than 8
            times as long as a crop, random crops come from the middle 8 lengths. Defaults to `"crop"`.
        flip: Mirrors half of the pictures, chosen anew each time: `"horizontal"`, `"vertical"` or
            `"horizontal_and_vertical"`. Defaults to `None`.
        background: Color of transparent parts and of padding: a name such as `"white"`, a code such as
            `"#00ff80"`, or red, green and blue from 0 to 255. With `channels=4`, padding is transparent.
            Defaults to `"white"`.
        on_error: What to do with files that cannot be read: `"raise"` raises an error that names them, and
            `"skip"` leaves them out. Defaults to `"raise"`.
        min_size: The smallest side of a picture in pixels. Smaller files count as files that cannot be read.
            Defaults to `2`.
        min_count: The smallest number of different pictures. Defaults to `2`.
        max_pixels: The largest number of pixels of a picture, so that a small file cannot fill the memory.
            Larger files count as files that cannot be read. Defaults to about 179 million.
        cache: Folder for the file of decoded pictures, such as one beside the run. Defaults to `None`, one in
            the machine's folder for temporary files.
        progress: A function that is called while pictures are decoded, with how many are done and how many
            there are. Defaults to `None`.

    Returns:
        An `ImageStream`. It has labels and `class_names` if every picture is in a sub-folder.

    Raises:
        FileNotFoundError: If there is no such folder.
        NotADirectoryError: If `path` is a file.
        ValueError: If an argument is out of range; the folder has no pictures or too few; pictures cannot be
            read (the error names them); pictures differ in size and no `size` is given; files do not declare
            black and white and no `value_range` is given; or the cache's disk is too small.

    Example:

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for value in range(5):
    ...         Image.new("L", (8, 6), 50 * value).save(f"{folder}/{value}.png")
    ...     pictures = image_stream(folder, size=4, channels=1, cache=f"{folder}/cache")
    ...     [x.shape.as_list() for x in pictures.batches(2, seed=0)]
    [[2, 4, 4, 1], [2, 4, 4, 1]]
    """
    path = Path(path)
    recipe = PictureRecipe(size, channels, resize, background, value_range, min_size, max_pixels)
    files = list_images(path)
    sources = PictureSources((path,), [(file,) for file in files], (recipe,))
    pictures, chosen = opened(sources, normalization, flip, on_error, min_count, cache, progress)
    kept = [files[place] for place in pictures.kept]
    y, names = classes_of(path, kept)
    rows = np.arange(len(kept))
    return ImageStream(
        path.resolve().name, pictures.store, rows, kept, pictures.faults, chosen, flip, y, names
    )
