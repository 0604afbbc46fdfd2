from __future__ import annotations

from typing import Any

import keras

from kerasgan import schedules


@keras.saving.register_keras_serializable(package="kerasgan")
class ScheduledAdam(keras.optimizers.Adam):
    """Adam with a `beta_2` that can follow a schedule, like the learning rate.

    R3GAN (Huang et al. 2024, appendix) starts with a short memory of squared gradients, 0.9, because the
    players change fast at first. It ends with 0.99. The bias is corrected with the present `beta_2`. PyTorch
    does the same if `beta_2` is changed there.

    Args:
        learning_rate: A number or a schedule. Defaults to 0.001.
        beta_1: As in `keras.optimizers.Adam`. Defaults to 0.9. R3GAN uses 0.
        beta_2: A number in `[0, 1)`, or a `keras.optimizers.schedules.LearningRateSchedule`. Defaults to
            0.999.
        **kwargs: The other arguments of `keras.optimizers.Adam`.

    Raises:
        ValueError: If `beta_2` is a number out of range.

    Example:

    >>> optimizer = kerasgan.optimizers.ScheduledAdam(
    ...     learning_rate=kerasgan.schedules.Cosine(2e-4, 5e-5, steps=10_000),
    ...     beta_1=0.0,
    ...     beta_2=kerasgan.schedules.Cosine(0.9, 0.99, steps=10_000),
    ... )
    >>> round(float(optimizer.current_beta_2()), 3)
    0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float | schedules.Schedule = 0.999,
        **kwargs: Any,
    ) -> None:
        given = schedules.number_or_schedule(
            "beta_2", beta_2, "a number in [0, 1)", lambda number: 0 <= number < 1
        )
        super().__init__(learning_rate=learning_rate, beta_1=beta_1, beta_2=given, **kwargs)
        self._given_beta_2 = given

    def current_beta_2(self) -> Any:
        """Returns `beta_2` for the next update: a number, or a float32 scalar."""
        return schedules.value_at(self._given_beta_2, self.iterations)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable."""
        # Keras's step reads the attribute, and expects a number there.
        self.beta_2 = self.current_beta_2()
        try:
            super().update_step(gradient, variable, learning_rate)
        finally:
            self.beta_2 = self._given_beta_2

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal optimizer."""
        return {**super().get_config(), "beta_2": schedules.to_config(self._given_beta_2)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes the optimizer that a result of `get_config` describes."""
        config = {**config, "beta_2": schedules.from_config(config["beta_2"])}
        return super().from_config(config, custom_objects)
