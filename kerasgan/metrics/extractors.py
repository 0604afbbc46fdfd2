"""What turns samples into the vectors that a metric compares."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from kerasgan.registry import (
    decode_weights,
    deserialize,
    deserialize_function,
    encode_weights,
    serialize_function,
)


class Extractor(ABC):
    """Turns a batch of samples into a batch of vectors. The same samples always give the same vectors."""

    def __call__(self, samples: Any) -> Any:
        """Returns the features of samples, `(rows, size)`.

        Raises:
            ValueError: If the number of features is not known.
        """
        features = ops.convert_to_tensor(self.extract(samples))
        size = features.shape[1:]
        if None in size:
            raise ValueError(
                "Invalid value for argument `features`. Expected features of a known shape. "
                f"Received: features of shape {tuple(features.shape)}"
            )
        return ops.reshape(features, (-1, math.prod(size)))

    @abstractmethod
    def extract(self, samples: Any) -> Any:
        """Returns the features of samples, `(rows, ...)`."""

    @abstractmethod
    def description(self) -> dict[str, Any]:
        """Returns a description of the extractor. Different extractors have different descriptions."""

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal extractor."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Extractor:
        """Makes an extractor from its configuration."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="kerasgan")
class RawVectors(Extractor):
    """The samples themselves."""

    def extract(self, samples: Any) -> Any:
        """Returns the samples."""
        return samples

    def description(self) -> dict[str, Any]:
        """Returns the kind of extractor."""
        return {"kind": "raw vectors"}


@keras.saving.register_keras_serializable(package="kerasgan")
class FunctionFeatures(Extractor):
    """A function of the samples, in `keras.ops`.

    Args:
        function: A function. Register it with Keras if you want to save the metric.
    """

    def __init__(self, function: Any) -> None:
        self.function: Callable[[Any], Any] = function
        if isinstance(function, Mapping):
            self.function = deserialize_function(function, "features")

    def extract(self, samples: Any) -> Any:
        """Returns the function's value."""
        return self.function(samples)

    def description(self) -> dict[str, Any]:
        """Returns the function's name, and where it is from."""
        name = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return {"kind": "function", "name": f"{self.function.__module__}.{name}"}

    def get_config(self) -> dict[str, Any]:
        """Returns the function, by its name."""
        return {"function": serialize_function(self.function)}


@keras.saving.register_keras_serializable(package="kerasgan")
class ModelFeatures(Extractor):
    """The outputs of a model.

    The model's weights are part of the configuration, because distances depend on them.

    Args:
        model: A built `keras.Model` with one output.
        recipe: A dictionary of what else is known about the model. Defaults to `None`, nothing.
        weights: The weights, as `get_config` writes them. Defaults to `None`, those that the model has.
    """

    def __init__(
        self,
        model: Any,
        recipe: Mapping[str, Any] | None = None,
        weights: list[str] | None = None,
    ) -> None:
        if isinstance(model, Mapping):
            model = deserialize(model)
        if not model.built:
            raise ValueError(
                "Invalid value for argument `features`. Expected a model that is built. Received: "
                f"{model.name!r}, which has not seen its inputs' shape"
            )
        self.model = model
        self.recipe = dict(recipe or {})
        if weights is not None:
            decode_weights(model, weights)

    def extract(self, samples: Any) -> Any:
        """Returns the model's outputs, in inference mode."""
        return self.model(samples, training=False)

    def description(self) -> dict[str, Any]:
        """Returns the model's name, size and digest of weights, and its recipe."""
        weights = self.model.get_weights()
        digest = hashlib.sha256(b"".join(value.tobytes() for value in weights)).hexdigest()
        parameters = int(sum(value.size for value in weights))
        described = {"kind": "model", "name": self.model.name, "parameters": parameters}
        return {**described, "weights_sha256": digest, **self.recipe}

    def get_config(self) -> dict[str, Any]:
        """Returns the model with its weights, and the recipe."""
        model = keras.saving.serialize_keras_object(self.model)
        return {"model": model, "recipe": self.recipe, "weights": encode_weights(self.model)}


def get(identifier: Any) -> Extractor:
    """Returns an extractor.

    Args:
        identifier: An extractor, such as `inception_v3` and `classifier_features` return; a `keras.Model`; a
            function of a batch of samples; a configuration; or `None` for the samples themselves.

    Raises:
        TypeError: If it is none of these.
    """
    if isinstance(identifier, Mapping):
        identifier = deserialize(identifier)
    if identifier is None:
        return RawVectors()
    if isinstance(identifier, Extractor):
        return identifier
    if isinstance(identifier, keras.Model):
        return ModelFeatures(identifier)
    if callable(identifier) and not isinstance(identifier, type):
        return FunctionFeatures(identifier)
    raise TypeError(
        "Invalid value for argument `features`. Expected a `keras.Model`, a function, an extractor, its "
        f"configuration or None. Received: features={identifier!r}"
    )
