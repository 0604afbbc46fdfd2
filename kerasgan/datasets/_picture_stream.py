"""What streams of single pictures and of pairs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kerasgan.arguments import counted, one_of, positive_integer
from kerasgan.datasets import normalization as normalizations
from kerasgan.datasets._orders import keyed_batches
from kerasgan.datasets.dataset import to_units
from kerasgan.datasets.normalization import Normalization, ZScore
from kerasgan.datasets.picture_cache import CachedPictures, Progress, cached_pictures
from kerasgan.datasets.picture_header import PictureError
from kerasgan.datasets.picture_sources import PictureSources
from kerasgan.datasets.picture_store import PictureStore

# As `keras.layers.RandomFlip` names them.
FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")


class PictureStream:
    """Pictures on the disk, of which minibatches are read.

    Args:
        name: Name of the data.
        store: The pictures.
        rows: The numbers of the pictures that belong to this stream.
        files: The file of each picture of this stream, or its two files.
        skipped: An error for each picture that was left out.
        normalization: Of pixels from 0 to 255.
        flip: One of `FLIPS`, or `None`.
    """

    def __init__(
        self,
        name: str,
        store: PictureStore,
        rows: np.ndarray,
        files: Sequence[Any],
        skipped: Sequence[PictureError],
        normalization: Normalization,
        flip: str | None,
    ) -> None:
        self.name = name
        self.normalization = normalization
        self.flip = flip
        self.files = tuple(files)
        self.skipped = tuple(skipped)
        self._store = store
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def invert(self, samples: Any) -> np.ndarray:
        """Returns samples, real or generated, as pictures: uint8 from 0 to 255."""
        return to_units(samples, self.normalization, images=True)

    def reader(self, normalize: bool, random: bool) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        """Returns a function that reads pictures in a graph. It takes their numbers and a seed.

        Args:
            normalize: Whether it normalizes the pictures.
            random: Whether crops and flips are drawn from the seed.
        """
        store, tensor = self._store, self._store.tensor()
        rows = tf.constant(self._rows)
        crops = random and store.starts is not None

        def read(chosen: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
            draws = tf.random.stateless_uniform([3, tf.size(chosen)], seed)
            pictures = store.gather(tensor, tf.gather(rows, chosen), draws[0] if crops else None)
            if random and self.flip is not None:
                for axis, direction in ((2, "horizontal"), (1, "vertical")):
                    if direction in self.flip:
                        mirrored = draws[axis, :, None, None, None] < 0.5
                        pictures = tf.where(mirrored, tf.reverse(pictures, [axis]), pictures)
            return self.normalization(pictures) if normalize else pictures

        return read

    def _batches(
        self,
        order: Callable[[tf.Tensor], tf.Tensor],
        finish: Callable[[tf.Tensor, tf.Tensor], Any],
        batch_size: int,
        passes: int,
        seed: int | None,
        normalize: bool,
        random: bool,
        drop_remainder: bool,
    ) -> tf.data.Dataset:
        batch_size = positive_integer("batch_size", batch_size)
        count = passes * len(self)
        if drop_remainder and batch_size > count:
            more = -(-batch_size // len(self))
            raise ValueError(
                f"Invalid value for argument `batch_size`. Expected at most {count}, since there "
                f"{'is' if len(self) == 1 else 'are'} {counted(len(self), 'picture')}; "
                f"`passes={more}` passes over them {more} times. Received: batch_size={batch_size}"
            )
        read = self.reader(normalize, random)

        @tf.autograph.experimental.do_not_convert
        def element(chosen: tf.Tensor, seed: tf.Tensor) -> Any:
            return finish(read(chosen, seed), chosen)

        options = tf.data.Options()
        # There are no files to share among several workers.
        options.experimental_distribute.auto_shard_policy = (
            tf.data.experimental.AutoShardPolicy.DATA
        )
        return (
            keyed_batches(order, count, batch_size, seed, drop_remainder)
            .map(element, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
            .with_options(options)
            .prefetch(tf.data.AUTOTUNE)
        )

    def _chosen(self, indices: Any) -> np.ndarray:
        if indices is None:
            return self._rows
        return self._rows[np.asarray(indices, dtype=np.int64)]

    def _description(self) -> list[str]:
        parts = [f"name={self.name!r}", f"pictures={len(self)}"]
        if self.skipped:
            parts.append(f"skipped={len(self.skipped)}")
        return parts


def opened(
    sources: PictureSources,
    normalization: str | Normalization,
    flip: str | None,
    on_error: str,
    min_count: int,
    cache: Any,
    progress: Progress | None,
) -> tuple[CachedPictures, Normalization]:
    """Returns the pictures of sources and their normalization. Raises an error if they are unfit to train on.

    Args:
        sources: Where the pictures come from.
        normalization: As in `image_stream`.
        flip: As in `image_stream`.
        on_error: As in `image_stream`.
        min_count: As in `image_stream`.
        cache: As in `image_stream`.
        progress: As in `image_stream`.
    """
    one_of("on_error", on_error, ("raise", "skip"))
    if flip is not None:
        one_of("flip", flip, FLIPS)
    min_count = positive_integer("min_count", min_count)
    chosen = normalizations.get(normalization)
    pictures = cached_pictures(sources, cache, on_error, progress)
    if pictures.different < min_count:
        count = pictures.store.count
        there = (
            f"{count} pictures that are all the same"
            if pictures.different == 1 < count
            else (f"{pictures.different} different pictures" if count > 1 else "1 picture")
        )
        raise ValueError(
            f"Invalid value for argument `path`. Expected at least {min_count} different pictures, since a "
            "generator learns what they have in common and how they differ; "
            f"`min_count={pictures.different}` takes these. Received: {there} in {sources.folders[0]}"
        )
    sources.recipes[0].check_depth(pictures.brightest, pictures.deep)
    if not chosen.is_fitted:
        if isinstance(chosen, ZScore):
            mean, stddev = pictures.store.moments(np.arange(pictures.store.count))
            chosen = ZScore(mean, stddev, images=True)
        else:
            # By the range that pictures have and not by what happens to be in them.
            chosen = chosen.from_config({"low": 0, "high": 255})
    return pictures, chosen
