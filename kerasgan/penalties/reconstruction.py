from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from kerasgan.penalties.penalty import Encounter, Penalty
from kerasgan.registry import decode_weights, deserialize, encode_weights, per_example_loss
from kerasgan.tensors import at_least_float32, mean_per_example


@keras.saving.register_keras_serializable(package="kerasgan")
class Reconstruction(Penalty):
    """Each generated sample is to be near the real one that has the same condition.

    `weight * E ||x - G(z, y)||`, added to the generator's loss: with the default it is the L1 term of pix2pix
    (Isola et al. 2017, equation 3). It holds a generator to the truth, while the discriminator keeps it from
    the blur that is the best answer to such a distance alone.

    With `features` the distance is one between features of the two samples, as in SRGAN (Ledig et al. 2017,
    equation 5). The feature network is frozen: it is nobody's sub-model, runs in inference mode, and is saved
    with its weights in the penalty's configuration. Both kinds of distance may be used at once.

    Args:
        loss: A Keras loss, by name or object, or a callable of `(real, fake)`. Defaults to `"mae"`, the
            average over all values of a sample.
        weight: The factor of the term. Defaults to 100.0, the paper's for samples in `[-1, 1]`.
        features: A built `keras.Model` from samples to features. Defaults to `None`, the samples themselves.

    Raises:
        ValueError: If the loss is unknown, `weight` is negative, `features` is not built; and, when a model
            is compiled, if its game has no conditions, so that nothing says which samples belong together.
        TypeError: If `features` is not a `keras.Model`.

    Example:

    >>> penalty = kerasgan.penalties.Reconstruction("mse", weight=10.0)
    >>> penalty.turn, penalty.name
    ('generator', 'reconstruction')
    """

    turn = "generator"

    def __init__(
        self, loss: Any = "mae", weight: float = 100.0, features: keras.Model | None = None
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
        """Returns the distance of each generated sample from the real one of its row."""
        if encounter.condition is None:
            raise ValueError(
                "Invalid game for the penalty `reconstruction`. Expected a conditional one, in which a real "
                "and a generated sample share their condition. Received: a game without conditions"
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
        return {"loss": serialize(self.loss), "weight": self.weight, "features": features}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Reconstruction:
        """Makes the penalty that `get_config` described."""
        loss, features = config["loss"], config["features"]
        if isinstance(features, Mapping):
            model = deserialize(features["model"])
            decode_weights(model, features["weights"])
            features = model
        return cls(deserialize(loss), config["weight"], features)
