"""The stages of a discriminator of pictures, the first of which can be frozen."""

from __future__ import annotations

from collections.abc import Iterator

import keras

from kerasgan.arguments import counted
from kerasgan.command.errors import CommandError

Size = tuple[int, int]


def stages(discriminator: keras.Model) -> dict[Size, list[keras.layers.Layer]]:
    """Returns the layers with weights by the height and width of what they give, the largest first.

    So the first stage is what is nearest to the picture, whichever network it is. Layers that give no map of
    features, such as the last one, are of no stage.

    Args:
        discriminator: A model of pictures.

    Raises:
        CommandError: If there is a layer of which it is not known, such as one that Python code calls.

    Example:

    >>> layers = keras.layers
    >>> convolutions = [layers.Conv2D(4, 3, strides=2, padding="same") for _ in range(2)]
    >>> model = keras.Sequential(
    ...     [keras.Input((8, 8, 3)), *convolutions, layers.Flatten(), layers.Dense(1)]
    ... )
    >>> list(stages(model))
    [(4, 4), (2, 2)]
    """
    found: dict[Size, list[keras.layers.Layer]] = {}
    for layer in _leaves(discriminator):
        try:
            shape = keras.tree.flatten(layer.output)[0].shape
        except (AttributeError, ValueError) as error:
            raise CommandError(
                f"--freeze: where the layer {layer.name!r} stands in the discriminator is not known. Leave "
                "--freeze out, or freeze layers in Python."
            ) from error
        if len(shape) == 4 and shape[1] * shape[2] > 1:
            found.setdefault((shape[1], shape[2]), []).append(layer)
    return {size: found[size] for size in sorted(found, key=lambda size: -size[0] * size[1])}


def first_stages(discriminator: keras.Model, count: int) -> list[keras.layers.Layer]:
    """Returns the layers of the first stages, to freeze them (FreezeD, Mo et al. 2020).

    Args:
        discriminator: A model of pictures.
        count: How many stages.

    Raises:
        CommandError: If there are not so many.
    """
    if not count:
        return []
    found = stages(discriminator)
    if count > len(found):
        sizes = ", ".join(f"{height}×{width}" for height, width in found)
        raise CommandError(
            f"--freeze {count}: the discriminator has {counted(len(found), 'stage')} ({sizes}). Give "
            f"--freeze {len(found)} at most."
        )
    return [layer for layers in list(found.values())[:count] for layer in layers]


def _leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Goes through the layers with weights, those of models inside of the model too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        elif layer.weights:
            yield layer
