from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import fraction, number, positive_integer, positive_number
from kerasgan.augmentation.augmentation import Augmentation
from kerasgan.augmentation.augmentation_pipeline import AugmentationPipeline


@keras.saving.register_keras_serializable(package="kerasgan")
class AdaptiveAugmentation(AugmentationPipeline):
    """Augmentation whose probability depends on how sure the discriminator is (ADA, Karras et al. 2020).

    A discriminator that memorizes a small set gives more and more of the real samples a positive score.
    `r = E[sign(D(x))]` measures that; it is the paper's second heuristic (section 3, equation 1). The
    probability rises while r is above `target`, and falls while r is below. So the same settings work for a
    hundred pictures and for a hundred thousand. The probability is logged as `augmentation_probability`,
    saved and resumed.

    The transformations are those of `AugmentationPipeline`.

    With a relativistic loss, a single score means nothing. There, r is the mean sign of the differences
    between scores of real and generated samples, as in R3GAN's code.

    Args:
        target: The value that r should have, in `[0, 1)`. Defaults to 0.6.
        images: The number of real samples after which the probability can have risen from 0 to 1, positive.
            Small sets and short runs need a smaller number. Defaults to 500,000.
        probability: The probability at the start, in `[0, 1)`. Defaults to 0.0.
        maximum: The largest probability, in `(0, 1]`. Near 1, the generator learns to make transformed
            pictures. Defaults to 0.8.
        interval: The number of updates of the discriminator that r is averaged over, positive. Defaults to 4.
        transformations: As in `AugmentationPipeline`. Defaults to `("geometry", "color")`.
        value_range: The values of black and white. Defaults to `(-1.0, 1.0)`.

    Raises:
        ValueError: If an argument is out of range; and by `build`, if transformations of colors are asked for
            but the samples have no colors.

    Example:

    >>> augmentation = kerasgan.augmentation.AdaptiveAugmentation(images=1000, interval=1)
    >>> augmentation.build((8, 8, 3))
    >>> augmentation.update(signs_mean=0.9, rows=100)  # sure of nearly all real samples
    >>> round(float(augmentation.logs()["augmentation_probability"]), 3)
    0.1
    """

    follows_signs = True

    def __init__(
        self,
        target: float = 0.6,
        images: float = 500_000,
        probability: float = 0.0,
        maximum: float = 0.8,
        interval: int = 4,
        transformations: str | Sequence[str] | Mapping[str, float] = ("geometry", "color"),
        value_range: Sequence[float] = (-1.0, 1.0),
    ) -> None:
        super().__init__(fraction("probability", probability), transformations, value_range)
        self.target = fraction("target", target)
        self.images = positive_number("images", images)
        self.maximum = number(
            "maximum", maximum, "a number in (0, 1]", lambda given: 0 < given <= 1
        )
        self.interval = positive_integer("interval", interval)
        self._variables: dict[str, keras.Variable] = {}

    def build(self, sample_shape: Sequence[int]) -> None:
        """Takes the shape of the samples, and makes the variables in the scope of the current strategy."""
        super().build(sample_shape)
        if not self._variables:
            starts = {"probability": self.probability, "signs": 0.0, "rows": 0.0, "updates": 0.0}
            self._variables = {
                name: keras.Variable(
                    value,
                    dtype="float32",
                    trainable=False,
                    aggregation="only_first_replica",
                    name=f"augmentation_{name}",
                )
                for name, value in starts.items()
            }

    @property
    def variables(self) -> list[keras.Variable]:
        """The probability, and what was counted since it last changed."""
        return list(self._variables.values())

    def current_probability(self, step: Any = 0) -> Any:
        """Returns the current probability, a float32 scalar; before `build`, the one at the start."""
        if not self._variables:
            return self.probability
        # The current value. The variable itself would also show later values.
        return self._variables["probability"] + 0.0

    def update(self, signs_mean: Any, rows: Any) -> None:
        """Adjusts the probability after an update of the discriminator, so that r comes nearer to `target`.

        Args:
            signs_mean: The mean of the signs of the scores of real samples, over the whole global batch.
            rows: How many samples the global batch has.
        """
        self._shape()
        state = self._variables
        rows = ops.cast(rows, "float32")
        signs = state["signs"] + ops.cast(signs_mean, "float32") * rows
        seen, updates = state["rows"] + rows, state["updates"] + 1.0
        due = updates >= self.interval
        # Signs and rows are compared, not divided: without rows there is no mean.
        move = ops.sign(signs - self.target * seen) * seen / self.images
        probability = ops.clip(state["probability"] + move, 0.0, self.maximum)
        state["probability"].assign(ops.where(due, probability, state["probability"]))
        for name, value in (("signs", signs), ("rows", seen), ("updates", updates)):
            state[name].assign(ops.where(due, ops.zeros_like(value), value))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal augmentation, without its state."""
        return {
            "target": self.target,
            "images": self.images,
            "maximum": self.maximum,
            "interval": self.interval,
            **super().get_config(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Augmentation:
        """Makes the augmentation that a result of `get_config` describes."""
        return cls(**config)
