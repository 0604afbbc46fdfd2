"""The contestants of `speed.py` in JAX: a step over Keras's networks, alone or 50 in a `lax.scan`."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
from gpu_worker import Framework, Run, serve
from jax import lax
from jax import numpy as jnp
from speed_games import SCAN, Game, Setup, game_of

Players = dict[str, keras.Model]
DEFAULTS = Setup()


class JaxPlay:
    """A game's functions in JAX, for one move.

    Args:
        players: The networks, by name.
        weights: Their trainable weights and their others, by name.
        noise: Draws noise.

    Attributes:
        others: What becomes of the weights that are not trainable, for each player that was called.
    """

    softplus = staticmethod(jax.nn.softplus)
    relu = staticmethod(jax.nn.relu)
    square = staticmethod(jnp.square)
    mean = staticmethod(jnp.mean)

    def __init__(self, players: Players, weights: Any, noise: Callable[[], Any]) -> None:
        self.players, self.weights, self.noise = players, weights, noise
        self.others: dict[str, Any] = {}

    def call(self, player: str, inputs: Any) -> Any:
        """Returns the outputs of a player in training."""
        trainable, others = self.weights[player]
        outputs, self.others[player] = self.players[player].stateless_call(
            trainable, others, inputs, training=True
        )
        return outputs

    def mean_of_rows(self, x: Any) -> Any:
        """Returns the mean of each row."""
        return x.mean(1)


def values(variables: Any) -> list[Any]:
    """Returns the values of variables."""
    return [variable.value for variable in variables]


def contestant(
    game: Game,
    players: Players,
    x: np.ndarray,
    setup: Setup = DEFAULTS,
    scan: int = 1,
) -> tuple[Run, list[Any]]:
    """Makes a step, or `scan` steps in one call. Returns it, and a list of one entry: the state."""
    optimizers = []
    for move in game.moves:
        optimizers.append(keras.optimizers.Adam(**setup.adam))
        optimizers[-1].build(
            [v for name in move.players for v in players[name].trainable_variables]
        )

    def noise_of(key: Any, drawn: Any) -> Any:
        if setup.latents is not None:
            return jnp.asarray(setup.latents)[drawn % len(setup.latents)]
        return jax.random.normal(jax.random.fold_in(key, drawn), (game.batch, *game.latent))

    def step(state: Any, real: Any) -> Any:
        weights, slots, key, drawn = state
        count, losses = [0], []

        def noise() -> Any:
            count[0] += 1
            return noise_of(key, drawn + count[0] - 1)

        slots = list(slots)
        for index, (move, optimizer) in enumerate(zip(game.moves, optimizers, strict=True)):
            given = move.given(JaxPlay(players, weights, noise), real)

            def objective(
                trainable: Any, move: Any = move, given: Any = given, fixed: Any = weights
            ) -> Any:
                moved = {name: (trainable[name], fixed[name][1]) for name in move.players}
                play = JaxPlay(players, {**fixed, **moved}, noise)
                loss = move.loss(play, real, given)
                return loss, {name: play.others[name] for name in move.players}

            before = {name: weights[name][0] for name in move.players}
            (loss, others), gradients = jax.value_and_grad(objective, has_aux=True)(before)
            flat = [each for name in move.players for each in before[name]]
            flat_gradients = [each for name in move.players for each in gradients[name]]
            updated, slots[index] = optimizer.stateless_apply(slots[index], flat_gradients, flat)
            left = iter(updated)
            after = {name: ([next(left) for _ in before[name]], others[name]) for name in before}
            weights = {**weights, **after}
            losses.append(loss)
        return (weights, slots, key, drawn + count[0]), jnp.stack(losses)

    weights = {
        name: (values(player.trainable_variables), values(player.non_trainable_variables))
        for name, player in players.items()
    }
    slots = [values(optimizer.variables) for optimizer in optimizers]
    state = [(weights, slots, jax.random.PRNGKey(0), jnp.zeros((), "int32"))]
    one = jax.jit(step, donate_argnums=0)
    several = jax.jit(lambda state, batches: lax.scan(step, state, batches), donate_argnums=0)

    def run(steps: int) -> None:
        for batches in game.passes(x, max(steps, scan), setup.shuffle):
            losses, group = [], []
            for batch in batches:
                if scan == 1:
                    state[0], loss = one(state[0], batch)
                    losses.append(loss)
                    continue
                group.append(batch)
                if len(group) == scan:
                    state[0], loss = several(state[0], np.stack(group))
                    losses.append(loss)
                    group = []
            np.mean([np.asarray(loss) for loss in losses])
        jax.block_until_ready(state[0])

    return run, state


class Jax(Framework):
    """JAX on the CPU."""

    def description(self) -> dict[str, Any]:
        """Returns versions."""
        versions = {"jax": jax.__version__, "keras": keras.version()}
        return {"framework": "JAX", "versions": versions, "device": "cpu"}

    def make(self, specification: dict[str, Any]) -> Run:
        """Makes the contestant; its networks come as JSON, because kerasgan needs TensorFlow."""
        keras.utils.set_random_seed(0)
        game = game_of(specification["game"], specification["toy"])
        players = {
            name: keras.models.model_from_json(text)
            for name, text in specification["networks"].items()
        }
        scan = min(SCAN, game.batches) if specification["kind"] == "scan" else 1
        return contestant(game, players, game.data(), scan=scan)[0]


if __name__ == "__main__":
    serve(Jax)
