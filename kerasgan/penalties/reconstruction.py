from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from kerasgan.penalties.penalty import Encounter, Penalty
from kerasgan.registry import decode_weights, deserialize, encode_weights, per_example_loss
from kerasgan.schedules import Schedule
from kerasgan.tensors import at_least_float32, mean_per_example


@keras.saving.register_keras_serializable(package="kerasgan")
class Reconstruction(Penalty):
    """Each generated sample should be near the real sample with the same condition.

    `weight * E ||x - G(z, y)||` is added to the generator's loss. With the default loss it is the L1 term of
    pix2pix ([Isola et al., 2017](https://arxiv.org/abs/1611.07004), equation 3). This distance alone would
    give blurred samples. The discriminator prevents the blur, and the distance keeps the samples near the
    real ones.

    With `features`, the features of both samples are compared, as in SRGAN
    ([Ledig et al., 2017](https://arxiv.org/abs/1609.04802), equation 5). The feature network is frozen: it is
    not part of the game, runs in inference mode, and is saved with its weights in the configuration of the
    penalty. You can use both kinds of distance at once.

    Args:
        loss: A Keras loss, its name, or a callable of `(real, fake)`. Defaults to `"mae"`, the mean absolute
            error over all values of a sample.
        weight: The factor of the term: a number that is not negative, or a schedule, as in
            `kerasgan.penalties.Penalty`. Defaults to 100.0, the paper's value for samples in `[-1, 1]`.
        features: A built `keras.Model` from samples to features. Defaults to `None`: the samples themselves
            are compared.

    Raises:
        ValueError: If the loss is unknown, `weight` is negative, or `features` is not built; and when a model
            is compiled, if its game has no conditions. Without conditions, nothing tells which samples belong
            together.
        TypeError: If `features` is not a `keras.Model`.

    Example:

    >>> penalty = kerasgan.penalties.Reconstruction("mse", weight=10.0)
    >>> penalty.turn, penalty.name
    ('generator', 'reconstruction')
    """

    turn = "generator"

    def __init__(
        self,
        loss: Any = "mae",
        weight: float | Schedule = 100.0,
        features: keras.Model | None = None,
    ) -> None:
        super().__init__(weight)
        self.loss = loss
        self.features = features
        self._distance = per_example_loss(loss)
        if features is not None and not isinstance(features, keras.Model):
            raise TypeError(
                "Invalid value for argument `features`. Expected a `keras.Model` or None. "
                f"Received: features={features!r} of type {type(features).__name__}"
            )
        if features is not None and not features.built:
            raise ValueError(
                "Invalid value for argument `features`. Expected a model that is built. "
                f"Received: {features.name!r}, not built"
            )

    @property
    def name(self) -> str:
        """The penalty's name in the logs."""
        return "reconstruction" if self.features is None else "feature_reconstruction"

    def call(self, encounter: Encounter) -> Any:
        """Returns the distance between each generated sample and the real sample of its row."""
        if encounter.condition is None:
            raise ValueError(
                "Invalid game for the penalty `reconstruction`. Expected a conditional game, in which a real "
                "and a generated sample have the same condition. Received: a game without conditions"
            )
        real, fake = encounter.real, encounter.fake
        if self.features is not None:
            real, fake = (
                at_least_float32(self.features(samples, training=False)) for samples in (real, fake)
            )
        return mean_per_example(self._distance(real, fake))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal penalty."""
        serialize = keras.saving.serialize_keras_object
        features = None
        if self.features is not None:
            features = {"model": serialize(self.features), "weights": encode_weights(self.features)}
        return {"loss": serialize(self.loss), **super().get_config(), "features": features}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Penalty:
        """Makes the penalty that a result of `get_config` describes."""
        loss, features = config["loss"], config["features"]
        if isinstance(features, Mapping):
            model = deserialize(features["model"])
            decode_weights(model, features["weights"])
            features = model
        return super().from_config({**config, "loss": deserialize(loss), "features": features})
