"""The contestants of `speed.py` in TensorFlow: kerasgan, a hand-written loop, a textbook's `train_step`."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from gpu_tensorflow import TensorFlow
from gpu_worker import Run, serve
from speed_games import MARGIN, Game, Move, Setup, game_of
from speed_networks import players as players_of

import kerasgan

Players = dict[str, keras.Model]
DEFAULTS = Setup()
# Draws noise `(batch, *latent)`.
Noise = Callable[[], Any]


class KerasPlay:
    """A game's functions in TensorFlow.

    Args:
        players: The networks, by name.
        noise: Draws noise.
    """

    softplus = staticmethod(tf.nn.softplus)
    relu = staticmethod(tf.nn.relu)
    square = staticmethod(tf.square)
    mean = staticmethod(tf.reduce_mean)

    def __init__(self, players: Players, noise: Noise) -> None:
        self.players = players
        self.noise = noise

    def call(self, player: str, inputs: Any) -> Any:
        """Returns the outputs of a player in training."""
        return self.players[player](inputs, training=True)

    def mean_of_rows(self, x: Any) -> Any:
        """Returns the mean of each row."""
        return tf.reduce_mean(x, axis=1)

    def variables(self, move: Move) -> list[Any]:
        """Returns the variables that a move changes."""
        return [v for name in move.players for v in self.players[name].trainable_variables]

    def optimizers(self, game: Game, setup: Setup) -> list[keras.optimizers.Optimizer]:
        """Returns an optimizer for each move."""
        found = []
        for move in game.moves:
            found.append(keras.optimizers.Adam(**setup.adam))
            found[-1].build(self.variables(move))
        return found

    def step(self, game: Game, optimizers: Any, real: Any) -> list[Any]:
        """Plays one step as textbooks write it: a gradient tape and an update for each move."""
        losses = []
        for move, optimizer in zip(game.moves, optimizers, strict=True):
            given = move.given(self, real)
            with tf.GradientTape() as tape:
                loss = move.loss(self, real, given)
            variables = self.variables(move)
            optimizer.apply(tape.gradient(loss, variables), variables)
            losses.append(loss)
        return losses


def drawing(setup: Setup, normal: Noise) -> Noise:
    """Returns what draws noise: `normal`, or the rows of a table, one after the other."""
    latents = setup.latents
    if latents is None:
        return normal
    seed = keras.random.SeedGenerator(0)
    return lambda: from_table(latents, seed)


def from_table(latents: np.ndarray, seed: keras.random.SeedGenerator) -> Any:
    """Returns the next row of a table; the state of the seed generator counts the draws."""
    return tf.gather(latents, tf.cast(seed.next()[1], "int32") % len(latents))


def fitting(model: keras.Model, game: Game, x: np.ndarray, shuffle: bool) -> Run:
    """Returns what trains a compiled model by `fit`, as users do: an array, and nothing else."""

    def run(steps: int) -> None:
        model.fit(
            x[: steps * game.batch],
            batch_size=game.batch,
            epochs=max(1, steps // game.batches),
            shuffle=shuffle,
            verbose=0,
        )

    return run


def by_kerasgan(
    game: Game,
    players: Players,
    x: np.ndarray,
    setup: Setup = DEFAULTS,
    **arguments: Any,
) -> Run:
    """Makes the game in kerasgan, with the defaults of `compile` but for its arguments."""
    prior = None
    if setup.latents is not None:
        prior = lambda shape, seed: from_table(setup.latents, seed)  # noqa: E731
    if game.title == "EBGAN":
        discriminator = kerasgan.networks.AutoEncoder(players["encoder"], players["decoder"])
        model = kerasgan.EBGAN(players["generator"], discriminator, prior)
        arguments.update(margin=MARGIN, pulling_away=0.0)
    elif "encoder" in players:
        model = kerasgan.AdversarialAutoEncoder(**players, prior=prior)
    else:
        model = kerasgan.GAN(**players, prior=prior)
    optimizers = {
        f"{move.name}_optimizer": keras.optimizers.Adam(**setup.adam) for move in game.moves
    }
    model.compile(**optimizers, **arguments)
    return fitting(model, game, x, setup.shuffle)


def by_hand(
    game: Game,
    players: Players,
    x: np.ndarray,
    setup: Setup = DEFAULTS,
    jit_compile: bool = False,
) -> Run:
    """Makes a loop by hand: a `tf.function` of one step, and running means of the losses."""
    shape = (game.batch, *game.latent)
    play = KerasPlay(players, drawing(setup, lambda: tf.random.normal(shape)))
    optimizers = play.optimizers(game, setup)
    means = [keras.metrics.Mean() for _ in game.moves]

    @tf.function(jit_compile=jit_compile)
    def step(real: Any) -> None:
        for mean, loss in zip(means, play.step(game, optimizers, real), strict=True):
            mean.update_state(loss)

    def run(steps: int) -> None:
        for batches in game.passes(x, steps, setup.shuffle):
            for mean in means:
                mean.reset_state()
            for batch in batches:
                step(batch)
            [float(mean.result()) for mean in means]

    return run


class Textbook(keras.Model):
    """A model with a `train_step` of its own, as in the examples of keras.io."""

    def __init__(self, game: Game, players: Players, setup: Setup) -> None:
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(0)
        self.game, self.models = game, list(players.values())
        shape = (game.batch, *game.latent)

        def normal() -> Any:
            return keras.random.normal(shape, seed=self.seed_generator)

        self.play = KerasPlay(players, drawing(setup, normal))
        self.means = [keras.metrics.Mean(name=f"{move.name}_loss") for move in game.moves]
        self.optimizers = self.play.optimizers(game, setup)

    @property
    def metrics(self) -> list[Any]:
        """The running means of the losses."""
        return self.means

    def train_step(self, real: Any) -> dict[str, Any]:
        """Plays one step."""
        losses = self.play.step(self.game, self.optimizers, real)
        for mean, loss in zip(self.means, losses, strict=True):
            mean.update_state(loss)
        return {mean.name: mean.result() for mean in self.means}


def by_textbook(
    game: Game,
    players: Players,
    x: np.ndarray,
    setup: Setup = DEFAULTS,
) -> Run:
    """Makes a `keras.Model` with a `train_step` of its own, under `keras.Model.fit`."""
    model = Textbook(game, players, setup)
    model.compile()
    return fitting(model, game, x, setup.shuffle)


MAKERS: dict[str, Callable[..., Run]] = {
    "fit": by_kerasgan,
    "loop": by_hand,
    "train_step": by_textbook,
}


class TensorFlowOnCpu(TensorFlow):
    """TensorFlow on the CPU."""

    def description(self) -> dict[str, Any]:
        """Returns versions, and the threads of an operation."""
        threads = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()
        return {**super().description(), "threads": threads}

    def make(self, specification: dict[str, Any]) -> Run:
        """Makes the contestant of `specification["kind"]`."""
        keras.utils.set_random_seed(0)
        bfloat16 = specification["precision"] == "bfloat16"
        keras.config.set_dtype_policy("mixed_bfloat16" if bfloat16 else "float32")
        name, toy = specification["game"], specification["toy"]
        game = game_of(name, toy)
        arguments = specification.get("arguments", {})
        try:
            players = players_of(name, toy)
            return MAKERS[specification["kind"]](game, players, game.data(), **arguments)
        finally:
            keras.config.set_dtype_policy("float32")


if __name__ == "__main__":
    serve(TensorFlowOnCpu)
