from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import keras
from keras import ops

from kerasgan import registry
from kerasgan.backend import all_rows_mean
from kerasgan.penalties.penalty import Encounter, Penalty
from kerasgan.precision import full_precision
from kerasgan.schedules import Schedule


@keras.saving.register_keras_serializable(package="kerasgan")
class FeatureMatching(Penalty):
    """Feature matching: generated samples should have the same mean features as real ones.

    `weight * ||E f(x) - E f(G(z))||^2 + sample_weight * ||E x - E G(z)||^2` is added to the generator's loss.
    The first term compares features ([Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.1).
    The second term compares the samples themselves (MidiNet,
    [Yang et al., 2017](https://arxiv.org/abs/1703.10847)).

    Both terms compare means over the whole global batch. They never compare one sample with another. A mean
    over `B` samples is random. So the expected terms contain the traces of both covariances, divided by `B`.
    On small batches, a large factor therefore rewards generated samples that vary too little.

    Args:
        features: Where the features come from: the name of a layer of the discriminator, or a function that
            takes the discriminator and returns a `keras.Model` with the same inputs. To save a model that is
            compiled with a function, decorate the function with `keras.saving.register_keras_serializable`.
        weight: The factor of the first term: a number that is not negative, or a schedule, as in
            `kerasgan.penalties.Penalty`. Defaults to 1.0.
        sample_weight: The factor of the second term, a number that is not negative. Defaults to 0.0.

    Raises:
        ValueError: If a factor is negative; and when a model is compiled, if the discriminator has no such
            layer.
        TypeError: If `features` is neither a name nor a function.

    Example:

    >>> penalty = kerasgan.penalties.FeatureMatching("hidden", weight=0.01, sample_weight=0.99)
    >>> penalty.turn, penalty.name
    ('generator', 'feature_matching')
    """

    turn = "generator"

    def __init__(
        self,
        features: str | Callable[[keras.Model], keras.Model],
        weight: float | Schedule = 1.0,
        sample_weight: float = 0.0,
    ) -> None:
        super().__init__(weight)
        _check_features(features)
        if not sample_weight >= 0.0:
            raise ValueError(
                "Invalid value for argument `sample_weight`. Expected a number that is not negative. "
                f"Received: sample_weight={sample_weight}"
            )
        self.features = features
        self.sample_weight = float(sample_weight)
        self._extractor = SimpleNamespace(discriminator=None, model=None)

    def __call__(self, encounter: Encounter) -> Any:
        """Returns the sum of both weighted terms."""
        term = super().__call__(encounter)
        if self.sample_weight:
            term = term + self.sample_weight * squared_mean_gap(encounter.real, encounter.fake)
        return term

    def call(self, encounter: Encounter) -> Any:
        """Returns the squared distance between the mean features, a scalar."""
        model = self.extractor(encounter.discriminator)
        real, fake = (
            encounter.apply(model, samples) for samples in (encounter.real, encounter.fake)
        )
        return squared_mean_gap(real, fake)

    def extractor(self, discriminator: keras.Model) -> keras.Model:
        """Returns the model from the discriminator's inputs to the features."""
        if self._extractor.discriminator is not discriminator:
            self._extractor.model = feature_extractor(self.features, discriminator)
            self._extractor.discriminator = discriminator
        return self._extractor.model

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal penalty."""
        features = self.features
        if not isinstance(features, str):
            features = keras.saving.serialize_keras_object(features)
        return {
            "features": features,
            **super().get_config(),
            "sample_weight": self.sample_weight,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Penalty:
        """Makes the penalty that a result of `get_config` describes."""
        features = config["features"]
        if not isinstance(features, str):
            features = registry.deserialize_function(features, "features")
        return super().from_config({**config, "features": features})


def feature_extractor(
    features: str | Callable[[keras.Model], keras.Model], discriminator: keras.Model
) -> keras.Model:
    """Returns the model from a discriminator's inputs to some of its features.

    Args:
        features: The name of a layer, or a function, as in `FeatureMatching`.
        discriminator: The discriminator.

    Raises:
        ValueError: If there is no such layer, or the discriminator is neither Sequential nor functional.
        TypeError: If `features` is neither a name nor a function.
    """
    _check_features(features)
    if not isinstance(features, str):
        return features(discriminator)
    names = [layer.name for layer in discriminator.layers]
    if features not in names or not getattr(discriminator, "inputs", None):
        raise ValueError(
            f"Invalid value for argument `features`. Expected one of the discriminator's layers {names}, of "
            f"a Sequential or functional model. Received: features={features!r}"
        )
    # Not a list of one input: the discriminator takes a tensor.
    inputs = discriminator.inputs[0] if len(discriminator.inputs) == 1 else discriminator.inputs
    return keras.Model(inputs, discriminator.get_layer(features).output)


def _check_features(features: Any) -> None:
    if not isinstance(features, str) and not registry.is_function(features):
        raise TypeError(
            "Invalid value for argument `features`. Expected a layer's name or a function of the "
            f"discriminator. Received: features={features!r}"
        )


def squared_mean_gap(real: Any, fake: Any) -> Any:
    """Returns `||E real - E fake||^2`, a scalar. The means are taken over the whole global batch."""
    real_mean, fake_mean = (
        all_rows_mean(ops.cast(values, full_precision())) for values in (real, fake)
    )
    return ops.sum(ops.square(real_mean - fake_mean))
