from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.precision import full_precision
from kerasgan.priors.prior import Prior


@keras.saving.register_keras_serializable(package="kerasgan")
class Categorical(Prior):
    """One-hot vectors of random classes.

    Args:
        probabilities: The probability of each class: positive numbers. They are divided by their sum.
            Defaults to `None`: all classes are equally probable, and a sample has one entry for each class.
        shape: The shape of one sample, `(classes,)`. Defaults to `None`: the number of probabilities, or else
            the shape that the model takes.

    Raises:
        ValueError: If the probabilities are not positive numbers, or if their number is not the number of
            entries of a sample.

    Example:

    >>> prior = kerasgan.priors.Categorical([0.5, 0.25, 0.25])
    >>> np.asarray(prior.sample(200, seed=0)).sum(axis=1).tolist() == [1.0] * 200
    True
    """

    def __init__(
        self,
        probabilities: Sequence[float] | None = None,
        shape: int | Sequence[int] | None = None,
    ) -> None:
        self.probabilities = None
        if probabilities is not None:
            given = np.asarray(probabilities, "float64")
            if given.ndim != 1 or not given.size or not (np.isfinite(given) & (given > 0)).all():
                raise ValueError(
                    "Invalid value for argument `probabilities`. Expected a positive number for each class. "
                    f"Received: probabilities={probabilities!r}"
                )
            self.probabilities = [float(value) for value in given / given.sum()]
            shape = len(given) if shape is None else shape
        super().__init__(shape)
        fits = self.shape is None or len(self.shape) == 1
        if self.probabilities is not None:
            fits = self.shape == (len(self.probabilities),)
        if not fits:
            raise ValueError(
                "Invalid value for argument `shape`. Expected (classes,), one entry for each of the "
                f"probabilities. Received: shape={shape}, probabilities={probabilities!r}"
            )

    def draw(self, shape: tuple[Any, ...], seed: Any) -> Any:
        """Returns a float tensor of the given shape, including the batch axis."""
        count, classes = shape
        weights = self.probabilities or [1.0] * classes
        logits = ops.log(ops.convert_to_tensor([weights], dtype=full_precision()))
        drawn = keras.random.categorical(logits, count, dtype="int32", seed=seed)
        return ops.one_hot(drawn[0], classes, dtype=keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal prior."""
        return {**super().get_config(), "probabilities": self.probabilities}
