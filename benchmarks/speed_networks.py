"""The networks of the games of `speed.py`, as `kerasgan.networks` builds them.

JAX makes its networks from their configuration, and `speed_torch.py` has the same in PyTorch.
"""

from __future__ import annotations

import keras
from speed_games import game_of

from kerasgan import networks


def players(name: str, toy: bool = False) -> dict[str, keras.Model]:
    """Returns the players of a game, by name."""
    game = game_of(name, toy)
    sample, latent, mlp = game.sample, game.latent, networks.mlp
    wide = [4] if toy else [256]
    if name == "aae":
        return {
            "encoder": mlp(sample, wide, latent),
            "decoder": mlp(latent, wide, sample),
            "discriminator": mlp(latent, wide),
        }
    if name == "ebgan":
        code = 2 if toy else 32
        return {
            "generator": mlp(latent, wide, sample, output_activation="tanh"),
            "encoder": mlp(sample, wide, code),
            "decoder": mlp(code, wide, sample),
        }
    if name == "dcgan":
        filters = 2 if toy else 32
        return {
            "generator": networks.dcgan_generator(latent, sample, filters),
            "discriminator": networks.dcgan_discriminator(sample, filters),
        }
    if name == "lstm":
        return {
            "generator": networks.lstm_generator(latent, sample, 2 if toy else 32),
            "discriminator": mlp(sample, [4] if toy else [150]),
        }
    hidden = [4, 4] if toy else {"mlp": [256, 256], "gaussian": [16, 16]}[name]
    activation = "tanh" if name == "mlp" else None
    return {
        "generator": mlp(latent, hidden, sample, output_activation=activation),
        "discriminator": mlp(sample, hidden),
    }


def configurations(name: str, toy: bool = False) -> dict[str, str]:
    """Returns the configurations of a game's players, as JSON."""
    return {player: model.to_json() for player, model in players(name, toy).items()}
