"""Finds the stages of a discriminator of pictures. `--freeze` freezes the first ones."""

from __future__ import annotations

from collections.abc import Iterator

import keras

from kerasgan.arguments import counted
from kerasgan.command.errors import CommandError

Size = tuple[int, int]


def stages(discriminator: keras.Model) -> dict[Size, list[keras.layers.Layer]]:
    """Returns the layers with weights, by the height and width of their outputs. The largest come first.

    In every network, the first stage is the one next to the picture. Layers whose output has no height and
    width, such as the last layer, belong to no stage.

    Args:
        discriminator: A model of pictures.

    Raises:
        CommandError: If the output of a layer is unknown, for example because Python code calls the layer.

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
                f"--freeze: cannot find the stage of the discriminator's layer {layer.name!r}. Leave "
                "--freeze out, or freeze layers in Python."
            ) from error
        if len(shape) == 4 and shape[1] * shape[2] > 1:
            found.setdefault((shape[1], shape[2]), []).append(layer)
    return {size: found[size] for size in sorted(found, key=lambda size: -size[0] * size[1])}


def first_stages(discriminator: keras.Model, count: int) -> list[keras.layers.Layer]:
    """Returns the layers of the first stages. To freeze them is FreezeD (Mo et al. 2020).

    Args:
        discriminator: A model of pictures.
        count: How many stages.

    Raises:
        CommandError: If the discriminator has fewer stages.
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
    """Yields the layers with weights, also those of models inside the model."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        elif layer.weights:
            yield layer
