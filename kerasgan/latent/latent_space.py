from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.core.inputs import conditioned, predict
from kerasgan.core.training_data import check_array, check_conditions, fits
from kerasgan.priors import Prior


class LatentSpace:
    """The points that a game makes samples of: the prior that they come from, and what becomes of them.

    Of a `GAN` and its kin this is the generator, of an `AdversarialAutoEncoder` the decoder; a game of one's
    own needs the attributes `prior` and `generator`. Where the game keeps an average of the weights, the
    average is meant.

    Args:
        model: A game.

    Raises:
        TypeError: If the model has no prior, or nothing that makes samples of its draws.
    """

    def __init__(self, model: Any) -> None:
        # An auto-encoder's generator is its encoder: what makes samples is the decoder.
        parts = [getattr(model, name, None) for name in ("decoder", "generator")]
        network = next((part for part in parts if part is not None), None)
        if network is None or not isinstance(getattr(model, "prior", None), Prior):
            raise TypeError(
                "Invalid value for argument `model`. Expected a game with a prior and a generator or a "
                f"decoder, such as a `kerasgan.GAN`. Received: {type(model).__name__}"
            )
        self.model = model
        self.prior: Prior = model.prior
        self.network: keras.Model = model.averaged(network)
        self._labels = getattr(model, "labels", None)

    @property
    def sample_shape(self) -> tuple[int | None, ...]:
        """The shape of one sample."""
        return tuple(self.model.specification()[0].shape[1:])

    @property
    def condition_shape(self) -> tuple[int | None, ...] | None:
        """The shape of one condition, or `None` in a game without conditions."""
        condition = self.model.specification()[1]
        return None if condition is None else tuple(condition.shape[1:])

    def conditions(self, count: int, condition: Any) -> np.ndarray | None:
        """Returns a condition for each of `count` samples; a single one is for all, as in `generate`.

        Raises:
            ValueError: If a condition is missing or surplus, or there are too many or too few.
        """
        shape = self.condition_shape
        if shape is None or condition is None:
            if (shape is None) != (condition is None):
                raise ValueError(
                    "Invalid value for argument `condition`. Expected "
                    f"{'none' if shape is None else 'the condition of each sample'} for "
                    f"`{type(self.model).__name__}`. Received: condition={condition!r}"
                )
            return None
        condition = np.asarray(condition)
        if fits(condition.shape, shape):
            condition = np.broadcast_to(condition, (count, *condition.shape))
        condition = check_conditions("condition", condition, count, shape)
        return condition if self._labels is None else self._labels.check("condition", condition)

    def points(self, argument: str, latent: Any) -> np.ndarray:
        """Returns latent points as an array, or raises where they are none."""
        latent = np.asarray(latent, keras.config.floatx())
        check_array(argument, latent, self.prior.shape)
        return latent

    def samples(self, argument: str, x: Any) -> np.ndarray:
        """Returns samples as an array, or raises where they are not such as the model makes."""
        x = np.asarray(x, keras.config.floatx())
        check_array(argument, x, self.sample_shape)
        if not len(x):
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected at least one sample. Received: none"
            )
        return x

    def draw(self, count: int, conditions: np.ndarray | None, seed: int) -> np.ndarray:
        """Returns draws of the prior: those that `generate` makes its samples of."""
        if self._labels is None:
            latent = self.prior.sample(count, seed=seed)
        else:
            latent = self._labels.sample(self.prior, count, conditions, seed)
        return ops.convert_to_numpy(latent)

    def decode(
        self, latent: np.ndarray, conditions: np.ndarray | None, batch_size: int, seed: int
    ) -> np.ndarray:
        """Returns the samples that latent points stand for; the seed is for a network's own noise."""
        latent = latent.astype(keras.config.floatx(), copy=False)
        return predict(self.network, self._inputs(latent, conditions), batch_size, seed)

    def decoded(self, latent: Any, conditions: np.ndarray | None) -> Any:
        """Returns the same as a tensor, through which gradients can be taken."""
        if conditions is not None:
            conditions = ops.convert_to_tensor(conditions)
        inputs = self._inputs(latent, conditions)
        return ops.cast(self.network(inputs, training=False), "float32")

    def _inputs(self, latent: Any, conditions: np.ndarray | None) -> Any:
        if self._labels is not None and conditions is not None:
            conditions = self._labels.for_decoder(conditions)
        return conditioned(latent, conditions)
