from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import random_seed
from kerasgan.backend import draw_rows


@keras.saving.register_keras_serializable(package="kerasgan")
class GaussianSampling(keras.layers.Layer):
    """Draws from a normal distribution whose mean and log variance are the inputs.

    The draw is `mean + exp(log_variance / 2) * noise`, so it is differentiable (the reparameterization trick,
    [Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114), section 2.4). The first half of the last axis
    of the inputs holds the means. The second half holds the log variances.

    Put the layer at the end of an encoder. The encoder then has a Gaussian posterior, for an adversarial or a
    variational auto-encoder.

    Args:
        sample_in_inference: Whether to draw outside training too. If not, the layer returns the mean there.
            Defaults to `False`.
        seed: An integer, the seed of the draws. Defaults to `None`: `keras.utils.set_random_seed` decides the
            seed.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, ..., 2 * units)`.

    Output shape:
        `(batch, ..., units)`.

    Raises:
        ValueError: If the last axis of the inputs does not have an even size, or `seed` is not an integer.

    Example:

    >>> layer = kerasgan.layers.GaussianSampling()
    >>> np.asarray(layer(np.array([[3.0, 0.0]])))  # the mean, outside training
    array([[3.]], dtype=float32)
    """

    def __init__(
        self, sample_in_inference: bool = False, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.sample_in_inference = sample_in_inference
        self.seed = random_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def build(self, input_shape: Any) -> None:
        """Checks the last axis of the inputs. The layer has no weights."""
        if input_shape[-1] is None or input_shape[-1] % 2:
            raise ValueError(
                "Invalid input of `GaussianSampling`. Expected an even last axis: means, then log variances. "
                f"Received: shape {tuple(input_shape)}"
            )
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns a draw for each example, or the mean outside training."""
        mean, log_variance = ops.split(inputs, 2, axis=-1)
        if not (training or self.sample_in_inference):
            return mean
        noise = draw_rows(
            lambda rows: keras.random.normal(
                (rows, *mean.shape[1:]), dtype=mean.dtype, seed=self.seed_generator
            ),
            ops.shape(mean)[0],
        )
        return mean + ops.exp(0.5 * log_variance) * noise

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the draws."""
        return (*input_shape[:-1], input_shape[-1] // 2)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "sample_in_inference": self.sample_in_inference,
            "seed": self.seed,
        }
