from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_integer, random_seed
from kerasgan.backend import draw_rows, gather_rows


@keras.saving.register_keras_serializable(package="kerasgan")
class ImagePool(keras.layers.Layer):
    """Replaces some generated images by earlier ones, so that a discriminator does not forget them.

    Images enter the pool until it is full, and are returned unchanged. From then on, with a probability of
    1/2, an image is returned unchanged. Otherwise the layer draws an image from the pool, returns it, and
    puts the new image in its place. The images of a minibatch go through the pool one by one, so an image may
    be exchanged for an earlier one of the same minibatch.

    The pool changes only in training. With `training=False`, images pass through. The images in the pool are
    saved with the layer. All replicas of a `tf.distribute` strategy share one pool.

    References: [Shrivastava et al., 2017](https://arxiv.org/abs/1612.07828), section 2.3;
    [Zhu et al., 2017](https://arxiv.org/abs/1703.10593), section 4.

    Args:
        size: The number of images in the pool, a positive integer. Defaults to 50, as in the papers.
        seed: An integer, the seed of the draws. Defaults to `None`: `keras.utils.set_random_seed` decides the
            seed.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, ...)`, all but the batch size known.

    Output shape:
        The same as the input shape.

    Raises:
        ValueError: If `size` is not a positive integer, or if a size of the images is not known.

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
        """Makes room for the images of the pool."""
        shape = tuple(input_shape[1:])
        if None in shape:
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected images of a known size, so that the pool can "
                f"make room for them. Received: images of shape {shape}"
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
        """Returns the images. In training, some of them are exchanged for earlier ones."""
        if not training:
            return inputs
        return draw_rows(lambda _: self._exchange(gather_rows(inputs)), ops.shape(inputs)[0])

    def _exchange(self, images: Any) -> Any:
        """Passes all images of a minibatch through the pool, as if one after another."""
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
            """Returns the index of the last image that entered each place before a turn, or -1."""
            entered = ops.logical_and(enters, places[:, None] == place)
            entered = ops.logical_and(entered, turn < before[:, None])
            return ops.max(ops.where(entered, turn, -1), axis=1)

        # First the images in the pool, then the new images.
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
