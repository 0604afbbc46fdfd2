"""The networks of `speed_networks.py` in PyTorch, and how they take Keras's weights."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from speed_games import game_of
from torch import nn


class Recurrent(nn.Module):
    """An LSTM that returns its states, with one vector of biases as in Keras. PyTorch's has two."""

    def __init__(self, size: int, units: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(size, units, batch_first=True)
        nn.init.zeros_(self.lstm.bias_hh_l0)
        self.lstm.bias_hh_l0.requires_grad_(False)

    def forward(self, x: Any) -> Any:
        """Returns the state of each step."""
        return self.lstm(x)[0]


def mlp(sizes: Sequence[int], last: type[nn.Module] | None = None) -> list[nn.Module]:
    """Returns dense layers with ReLU between them."""
    stack: list[nn.Module] = []
    for before, after in itertools.pairwise(sizes):
        stack += [nn.Linear(before, after), nn.ReLU()]
    stack.pop()
    return [*stack, last()] if last else stack


def normalized(channels: int) -> list[nn.Module]:
    """Returns Keras's batch normalization, and ReLU."""
    return [nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01), nn.ReLU()]


def dcgan(latent: int, side: int, filters: int) -> dict[str, list[nn.Module]]:
    """Returns the DCGAN of gray images whose side is halved twice."""
    small, wide = side // 4, 2 * filters
    generator = [
        nn.Linear(latent, small * small * 2 * wide, bias=False),
        nn.Unflatten(1, (2 * wide, small, small)),
        *normalized(2 * wide),
        nn.ConvTranspose2d(2 * wide, wide, 4, 2, 1, bias=False),
        *normalized(wide),
        nn.ConvTranspose2d(wide, filters, 4, 2, 1, bias=False),
        *normalized(filters),
        nn.Conv2d(filters, 1, 3, padding=1),
        nn.Tanh(),
    ]
    discriminator = [
        nn.Conv2d(1, filters, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(filters, wide, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(small * small * wide, 1),
    ]
    return {"generator": generator, "discriminator": discriminator}


def players(name: str, toy: bool = False) -> dict[str, nn.Sequential]:
    """Returns the players of a game, by name."""
    game = game_of(name, toy)
    sample, latent = game.sample[-1], game.latent[-1]
    wide = [4] if toy else [256]
    stacks: dict[str, list[nn.Module]]
    if name == "aae":
        stacks = {
            "encoder": mlp([sample, *wide, latent]),
            "decoder": mlp([latent, *wide, sample]),
            "discriminator": mlp([latent, *wide, 1]),
        }
    elif name == "ebgan":
        code = 2 if toy else 32
        stacks = {
            "generator": mlp([latent, *wide, sample], nn.Tanh),
            "encoder": mlp([sample, *wide, code]),
            "decoder": mlp([code, *wide, sample]),
        }
    elif name == "dcgan":
        stacks = dcgan(latent, game.sample[0], 2 if toy else 32)
    elif name == "lstm":
        units, values = 2 if toy else 32, game.sample[0] * sample
        stacks = {
            "generator": [Recurrent(latent, units), nn.Linear(units, sample)],
            "discriminator": [nn.Flatten(), *mlp([values, 4 if toy else 150, 1])],
        }
    else:
        hidden = [4, 4] if toy else {"mlp": [256, 256], "gaussian": [16, 16]}[name]
        stacks = {
            "generator": mlp([latent, *hidden, sample], nn.Tanh if name == "mlp" else None),
            "discriminator": mlp([sample, *hidden, 1]),
        }
    return {player: nn.Sequential(*stack) for player, stack in stacks.items()}


def channels_first(kernel: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Reorders the last axis, values of `(channels, height, width)` that Keras has channels last."""
    channels, height, width = shape
    x = kernel.reshape(-1, height, width, channels)
    return x.transpose(0, 3, 1, 2).reshape(kernel.shape)


def load(player: nn.Sequential, weights: Sequence[np.ndarray], sample: Sequence[int]) -> None:
    """Gives a player the trainable weights of a Keras model.

    Args:
        player: The player.
        weights: The weights, in Keras's order and axes.
        sample: The shape of a sample, `(height, width, channels)` for images.
    """
    left = iter(weights)
    layers = list(player)
    for index, layer in enumerate(layers):
        after = layers[index + 1] if index + 1 < len(layers) else None
        before = layers[index - 1] if index else None
        parameters = [p for p in layer.parameters() if p.requires_grad]
        for parameter in parameters:
            value = next(left)
            if value.ndim == 4:
                value = value.transpose(3, 2, 0, 1)
            elif value.ndim == 2 and isinstance(after, nn.Unflatten):
                value = channels_first(value, after.unflattened_size).T
            elif value.ndim == 2 and isinstance(before, nn.Flatten) and len(sample) == 3:
                sides = sample[0] // 4, sample[1] // 4
                channels = len(value) // (sides[0] * sides[1])
                value = channels_first(value.T, (channels, *sides))
            elif value.ndim == 2:
                value = value.T
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))
