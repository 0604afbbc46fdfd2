from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import number, positive_integer


@keras.saving.register_keras_serializable(package="kerasgan")
class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Half a cosine wave from one value to another, flat at both ends.

    The value is `start + (end - start) * (1 - cos(pi * step / steps)) / 2`, and stays at `end` after `steps`
    updates. All schedules of R3GAN have this form. `keras.optimizers.schedules.CosineDecay` defines its end
    as a multiple of its start. So it cannot rise from 0, and this schedule can.

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441), appendix.

    Args:
        start: The value at the first update, a finite number.
        end: The value after `steps` updates, a finite number.
        steps: The number of updates from `start` to `end`, a positive integer.

    Raises:
        ValueError: If `start` or `end` is not a finite number, or `steps` is not a positive integer.

    Example:

    >>> schedule = kerasgan.schedules.Cosine(0.0, 0.4, steps=100)
    >>> [round(float(schedule(step)), 2) for step in (0, 50, 100, 200)]
    [0.0, 0.2, 0.4, 0.4]
    """

    def __init__(self, start: float, end: float, steps: int) -> None:
        self.start = number("start", start)
        self.end = number("end", end)
        self.steps = positive_integer("steps", steps)

    def __call__(self, step: Any) -> Any:
        """Returns the value after a number of updates, a float32 scalar."""
        angle = ops.minimum(ops.cast(step, "float32") / self.steps, 1.0) * (np.pi / 2)
        # For small angles, 1 - cos would lose its digits. Squares keep them.
        return self.start * ops.square(ops.cos(angle)) + self.end * ops.square(ops.sin(angle))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal schedule."""
        return {"start": self.start, "end": self.end, "steps": self.steps}
