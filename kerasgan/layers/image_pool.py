from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_integer, random_seed
from kerasgan.backend import draw_rows, gather_rows


@keras.saving.register_keras_serializable(package="kerasgan")
class ImagePool(keras.layers.Layer):
    """Replaces some generated images by earlier ones, so that a discriminator does not forget them.

    Images enter the pool one after another until it is full, and are returned as they are. From then on each
    is, with probability 1/2, returned as it is; otherwise it takes the place of an image that is drawn from
    the pool, and that one is returned (Shrivastava et al. 2017, section 2.3; Zhu et al. 2017, section 4). The
    images of a minibatch go through one by one, so a later one may be exchanged for an earlier one.

    The pool changes in training alone: with `training=False` images pass through. What it holds is saved with
    the layer, and is the same on all replicas of a `tf.distribute` strategy, which share one pool.

    Args:
        size: How many images the pool holds, positive. Defaults to 50, the papers'.
        seed: Where the draws start. Defaults to `None`.
        **kwargs: Those of `keras.layers.Layer`.

    Input shape: `(batch, ...)`, all sizes but the batch's known. Output shape: the same.

    Raises:
        ValueError: If `size` is not a positive integer, or a size of the images is not known.

    Example:

    >>> pool = kerasgan.layers.ImagePool(size=3, seed=0)
    >>> pool(np.array([[1.0], [2.0], [3.0]]), training=True).numpy().ravel().tolist()
    [1.0, 2.0, 3.0]
    >>> pool(np.array([[4.0], [5.0]]), training=True).numpy().shape
    (2, 1)
    """

    def __init__(self, size: int = 50, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = positive_integer("size", size)
        self.seed = random_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes room for the images."""
        shape = tuple(input_shape[1:])
        if None in shape:
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected images of a known size, which the pool makes "
                f"room for. Received: images of shape {shape}"
            )
        state = {
            "initializer": "zeros",
            "trainable": False,
            "autocast": False,
            "aggregation": "only_first_replica",
        }
        self.images = self.add_weight(shape=(self.size, *shape), name="images", **state)
        self.count = self.add_weight(shape=(), dtype="int", name="count", **state)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Returns the images, in training some of them exchanged for earlier ones."""
        if not training:
            return inputs
        return draw_rows(lambda _: self._exchange(gather_rows(inputs)), ops.shape(inputs)[0])

    def _exchange(self, images: Any) -> Any:
        """Lets all images of a minibatch through the pool, as if one after another."""
        rows = ops.shape(images)[0]
        turn = ops.cast(ops.arange(rows), self.count.dtype)
        fills = self.count + turn < self.size
        drawn = keras.random.randint((rows,), 0, self.size, seed=self.seed_generator)
        drawn = ops.cast(drawn, self.count.dtype)
        place = ops.where(fills, self.count + turn, drawn)
        is_heads = keras.random.uniform((rows,), seed=self.seed_generator) < 0.5
        swaps = ops.logical_and(ops.logical_not(fills), is_heads)
        enters = ops.logical_or(fills, swaps)

        def last_into(places: Any, before: Any) -> Any:
            """Returns the number of the last image that entered each place before some turn, or -1."""
            entered = ops.logical_and(enters, places[:, None] == place)
            entered = ops.logical_and(entered, turn < before[:, None])
            return ops.max(ops.where(entered, turn, -1), axis=1)

        # Rows of what the pool holds and of what comes, in this order.
        rows_of_both = ops.concatenate([self.images, ops.cast(images, self.images.dtype)])
        earlier = last_into(place, before=turn)
        found = ops.where(earlier < 0, place, self.size + earlier)
        returned = ops.take(rows_of_both, ops.where(swaps, found, self.size + turn), axis=0)
        places = ops.cast(ops.arange(self.size), self.count.dtype)
        latest = last_into(places, before=ops.full_like(places, rows))
        kept = ops.where(latest < 0, places, self.size + latest)
        self.images.assign(ops.take(rows_of_both, kept, axis=0))
        self.count.assign(ops.minimum(self.count + ops.cast(rows, self.count.dtype), self.size))
        return ops.cast(returned, images.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the images."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {**super().get_config(), "size": self.size, "seed": self.seed}
