"""Augmentation: random transformations of what the discriminator sees."""

from __future__ import annotations

from typing import Any

import keras

from kerasgan import registry
from kerasgan.augmentation.adaptive_augmentation import AdaptiveAugmentation
from kerasgan.augmentation.augmentation import Augmentation
from kerasgan.augmentation.augmentation_pipeline import AugmentationPipeline
from kerasgan.augmentation.diff_augment import DiffAugment
from kerasgan.augmentation.layer_augmentation import LayerAugmentation

_KNOWN: dict[str, type[Augmentation]] = {
    "adaptive": AdaptiveAugmentation,
    "diff_augment": DiffAugment,
}

__all__ = [
    "AdaptiveAugmentation",
    "Augmentation",
    "AugmentationPipeline",
    "DiffAugment",
    "LayerAugmentation",
    "deserialize",
    "get",
    "serialize",
]


def get(identifier: Any) -> Augmentation:
    """Returns an augmentation from a name, an object, a configuration or a Keras layer.

    Args:
        identifier: One of these: a name (`"diff_augment"`, `"adaptive"`), for an augmentation with default
            arguments; an `Augmentation`; a `keras.layers.Layer`, which becomes a `LayerAugmentation`; or the
            configuration of an augmentation or of a layer.

    Returns:
        An `Augmentation`.

    Raises:
        ValueError: If a name is unknown, or if a layer cannot be an augmentation.
        TypeError: If it is none of these.

    Example:

    >>> kerasgan.augmentation.get("diff_augment").policy
    ('color', 'translation', 'cutout')
    """
    given = registry.deserialize(identifier) if isinstance(identifier, dict) else identifier
    if isinstance(given, keras.layers.Layer):
        return LayerAugmentation(given)
    return registry.lookup(given, Augmentation, _KNOWN, "augmentation")


def serialize(augmentation: Augmentation) -> dict[str, Any]:
    """Returns the configuration of an augmentation, for `deserialize`."""
    return keras.saving.serialize_keras_object(augmentation)


def deserialize(config: dict[str, Any]) -> Augmentation:
    """Makes an augmentation from a result of `serialize`.

    Raises:
        ValueError: If the configuration names something that a file may not name.
        TypeError: If it is not the configuration of an augmentation.

    Example:

    >>> config = kerasgan.augmentation.serialize(kerasgan.augmentation.DiffAugment())
    >>> type(kerasgan.augmentation.deserialize(config)).__name__
    'DiffAugment'
    """
    return get(config)
