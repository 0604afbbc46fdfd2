"""The contestants of `speed.py` in PyTorch: one step, run eagerly or compiled."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import speed_torch_networks as networks
import torch
from gpu_worker import Framework, Run, serve
from speed_games import Game, Move, Setup, game_of
from torch import nn

Players = dict[str, nn.Sequential]
DEFAULTS = Setup()


class TorchPlay:
    """A game's functions in PyTorch.

    Args:
        players: The networks, by name.
        noise: Draws noise.
    """

    softplus = staticmethod(nn.functional.softplus)
    relu = staticmethod(torch.relu)
    square = staticmethod(torch.square)
    mean = staticmethod(torch.mean)

    def __init__(self, players: Players, noise: Callable[[], Any]) -> None:
        self.players = players
        self.noise = noise

    def call(self, player: str, inputs: Any) -> Any:
        """Returns the outputs of a player, in float32."""
        return self.players[player](inputs).float()

    def mean_of_rows(self, x: Any) -> Any:
        """Returns the mean of each row."""
        return x.mean(1)


def parameters(players: Players, names: Any) -> list[Any]:
    """Returns the parameters that some players learn."""
    return [p for name in names for p in players[name].parameters() if p.requires_grad]


def contestant(
    game: Game,
    players: Players,
    x: np.ndarray,
    setup: Setup = DEFAULTS,
    kind: str = "eager",
    bfloat16: bool = False,
) -> Run:
    """Makes a step. `kind` is `"eager"`, `"channels_last"` or `"compiled"`."""
    layout = torch.channels_last if kind == "channels_last" else torch.contiguous_format
    for player in players.values():
        player.to(memory_format=layout)
    latents, adam = setup.latents, setup.adam
    table = None if latents is None else itertools.cycle(torch.from_numpy(latents))

    def noise() -> Any:
        return torch.randn(game.batch, *game.latent) if table is None else next(table)

    play = TorchPlay(players, noise)

    def loss_of(move: Move) -> Callable[[Any], Any]:
        def loss(real: Any) -> Any:
            with torch.no_grad():
                given = move.given(play, real)
            return move.loss(play, real, given)

        return torch.compile(loss) if kind == "compiled" else loss

    moves = []
    for move in game.moves:
        own = parameters(players, move.players)
        others = parameters(players, players.keys() - set(move.players))
        optimizer = torch.optim.Adam(
            own,
            adam["learning_rate"],
            (adam["beta_1"], adam["beta_2"]),
            adam["epsilon"],
            fused=True,
        )
        moves.append((loss_of(move), optimizer, others))

    def step(real: Any) -> list[Any]:
        losses = []
        for loss_of_move, optimizer, others in moves:
            # The others' weights need no gradients.
            for parameter in others:
                parameter.requires_grad_(False)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                loss = loss_of_move(real)
            loss.backward()
            optimizer.step()
            for parameter in others:
                parameter.requires_grad_(True)
            losses.append(loss.detach())
        return losses

    if len(game.sample) == 3:
        x = np.moveaxis(x, -1, 1)

    def run(steps: int) -> None:
        for batches in game.passes(x, steps, setup.shuffle):
            totals = [torch.zeros(()) for _ in moves]
            for batch in batches:
                real = torch.from_numpy(batch).contiguous(memory_format=layout)
                totals = [total + loss for total, loss in zip(totals, step(real), strict=True)]
            [float(total) for total in totals]

    return run


class Torch(Framework):
    """PyTorch on the CPU."""

    def description(self) -> dict[str, Any]:
        """Returns versions, and the threads of an operation."""
        return {
            "framework": "PyTorch",
            "versions": {"torch": torch.__version__},
            "device": "cpu",
            "threads": torch.get_num_threads(),
        }

    def make(self, specification: dict[str, Any]) -> Run:
        """Makes the contestant of `specification["kind"]`."""
        torch.manual_seed(0)
        name, toy = specification["game"], specification["toy"]
        game = game_of(name, toy)
        return contestant(
            game,
            networks.players(name, toy),
            game.data(),
            kind=specification["kind"],
            bfloat16=specification["precision"] == "bfloat16",
        )


if __name__ == "__main__":
    serve(Torch)
