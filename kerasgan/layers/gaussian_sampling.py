from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import random_seed
from kerasgan.backend import draw_rows


@keras.saving.register_keras_serializable(package="kerasgan")
class GaussianSampling(keras.layers.Layer):
    """Draws from the normal distribution whose mean and log variance come in.

    The reparameterization `mean + exp(log_variance / 2) * noise` (Kingma & Welling 2014, section 2.4) makes
    the draw differentiable. At the end of an encoder it makes the Gaussian posterior of an adversarial or
    variational auto-encoder. The input's last axis holds the means in its first half and the log variances
    in its second.

    Args:
        sample_in_inference: Whether to draw outside training too; else the mean comes out there. Defaults to
            `False`.
        seed: Where the draws start. Defaults to `None`.
        **kwargs: Those of `keras.layers.Layer`.

    Input shape: `(batch, ..., 2 * units)`. Output shape: `(batch, ..., units)`.

    Raises:
        ValueError: If the input's last axis is not even.

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
        """Checks the input's last axis."""
        if input_shape[-1] is None or input_shape[-1] % 2:
            raise ValueError(
                "Invalid input of `GaussianSampling`. Expected an even last axis: means, then log variances. "
                f"Received: shape {tuple(input_shape)}"
            )
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns a draw for each example."""
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
