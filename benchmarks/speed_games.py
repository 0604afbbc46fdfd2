"""The games of `speed.py`, for every framework: their sizes, their data and their mathematics.

A game is a list of moves. A move has players, whose weights it changes, and a loss, which the players lower.
Each framework brings a `Play`: its own networks, noise and functions. So all contestants compute the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

# Adam of every contestant: the defaults of `kerasgan`, and those of Keras.
ADAM = {"learning_rate": 2e-4, "beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-7}
MARGIN = 1.0
# How many steps JAX takes in one call of `lax.scan`.
SCAN = 50


class Play(Protocol):
    """What a framework brings to a game."""

    def call(self, player: str, inputs: Any) -> Any:
        """Returns the outputs of a player in training."""

    def noise(self) -> Any:
        """Returns new draws from a normal distribution, one for each row of a batch."""

    def softplus(self, x: Any) -> Any:
        """Returns `log(1 + exp(x))`."""

    def relu(self, x: Any) -> Any:
        """Returns `max(x, 0)`."""

    def square(self, x: Any) -> Any:
        """Returns `x²`."""

    def mean(self, x: Any) -> Any:
        """Returns the mean over all values."""

    def mean_of_rows(self, x: Any) -> Any:
        """Returns the mean of each row, `(batch,)`."""


@dataclasses.dataclass(frozen=True)
class Move:
    """A turn of a game.

    Attributes:
        name: The name of the move.
        players: Those whose weights change.
        given: What needs no gradient, a function of the play and the real samples.
        loss: A function of the play, the real samples and the result of `given`.
    """

    name: str
    players: tuple[str, ...]
    given: Callable[[Play, Any], Any]
    loss: Callable[[Play, Any, Any], Any]


def nothing(play: Play, real: Any) -> None:
    """Returns nothing."""
    return None  # AutoGraph cannot read a function without a statement


# GAN, non-saturating.


def generated(play: Play, real: Any) -> Any:
    """Returns `G(z)`."""
    return play.call("generator", play.noise())


def tell_apart(play: Play, real: Any, fake: Any) -> Any:
    """Returns `-log D(x) - log(1 - D(G(z)))`; the scores are logits."""
    real_scores, fake_scores = play.call("discriminator", real), play.call("discriminator", fake)
    return play.mean(play.softplus(-real_scores)) + play.mean(play.softplus(fake_scores))


def deceive(play: Play, real: Any, fake: Any) -> Any:
    """Returns `-log D(G(z))`."""
    return play.mean(play.softplus(-play.call("discriminator", generated(play, real))))


GAN = (
    Move("discriminator", ("discriminator",), generated, tell_apart),
    Move("generator", ("generator",), nothing, deceive),
)


# Adversarial auto-encoder: the mean square error, then a GAN of codes.


def reconstruct(play: Play, real: Any, given: Any) -> Any:
    """Returns the mean square error of reconstructions."""
    return play.mean(play.square(play.call("decoder", play.call("encoder", real)) - real))


def codes(play: Play, real: Any) -> Any:
    """Returns codes of real samples."""
    return play.call("encoder", real)


def tell_codes_apart(play: Play, real: Any, given: Any) -> Any:
    """Returns the loss of a discriminator that takes draws of the prior for real, and codes for fake."""
    return tell_apart(play, play.noise(), given)


def deceive_with_codes(play: Play, real: Any, given: Any) -> Any:
    """Returns the loss of an encoder whose codes should look like draws of the prior."""
    return play.mean(play.softplus(-play.call("discriminator", codes(play, real))))


AAE = (
    Move("reconstruction", ("encoder", "decoder"), nothing, reconstruct),
    Move("discriminator", ("discriminator",), codes, tell_codes_apart),
    Move("generator", ("encoder",), nothing, deceive_with_codes),
)


# Energy-based GAN, with a margin and without the pulling-away term.


def energy(play: Play, samples: Any) -> Any:
    """Returns the mean square error of each sample's reconstruction."""
    made = play.call("decoder", play.call("encoder", samples))
    return play.mean_of_rows(play.square(made - samples))


def separate(play: Play, real: Any, fake: Any) -> Any:
    """Returns `E(x) + max(0, margin - E(G(z)))`."""
    return play.mean(energy(play, real) + play.relu(MARGIN - energy(play, fake)))


def lower(play: Play, real: Any, given: Any) -> Any:
    """Returns `E(G(z))`."""
    return play.mean(energy(play, generated(play, real)))


EBGAN = (
    Move("discriminator", ("encoder", "decoder"), generated, separate),
    Move("generator", ("generator",), nothing, lower),
)


@dataclasses.dataclass(frozen=True)
class Setup:
    """What a contestant plays with. The benchmark has the defaults, the tests have others.

    Attributes:
        adam: The arguments of Adam.
        latents: A table of noise, whose rows are used one after the other, or `None` for random noise.
        shuffle: Whether an epoch has the rows in a new order.
    """

    adam: Mapping[str, float] = dataclasses.field(default_factory=ADAM.copy)
    latents: np.ndarray | None = None
    shuffle: bool = True


@dataclasses.dataclass(frozen=True)
class Game:
    """A game and how much of it is played.

    Attributes:
        title: What tables call it.
        moves: Its moves.
        batch: Rows of a batch.
        sample: The shape of a sample.
        latent: The shape of the noise for one sample.
        batches: Batches of an epoch.
        epochs: Epochs of a turn.
        warm_up: Steps that compile and warm up.
    """

    title: str
    moves: tuple[Move, ...]
    batch: int
    sample: tuple[int, ...]
    latent: tuple[int, ...]
    batches: int
    epochs: int
    warm_up: int = SCAN

    def data(self) -> np.ndarray:
        """Returns the samples of an epoch, which are noise: what they are does not change the speed."""
        shape = (self.batches * self.batch, *self.sample)
        return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")

    def passes(
        self, x: np.ndarray, steps: int, shuffle: bool = True
    ) -> Iterator[Iterable[np.ndarray]]:
        """Yields the batches of each epoch, for contestants without `fit`: rows in a new order."""
        random = np.random.default_rng(steps)
        for _ in range(max(1, steps // self.batches)):
            order = random.permutation(len(x)) if shuffle else np.arange(len(x))
            batches = order[: steps * self.batch].reshape(-1, self.batch)
            yield (x[rows] for rows in batches)


GAMES = {
    "mlp": Game("MLP GAN", GAN, 100, (784,), (100,), batches=200, epochs=2),
    "gaussian": Game("Gaussian GAN", GAN, 64, (1,), (8,), batches=1000, epochs=4),
    "dcgan": Game("DCGAN", GAN, 128, (28, 28, 1), (100,), batches=50, epochs=1, warm_up=10),
    "lstm": Game("LSTM sine GAN", GAN, 20, (30, 5), (30, 5), batches=200, epochs=1),
    "aae": Game("Adversarial auto-encoder", AAE, 100, (784,), (8,), batches=200, epochs=2),
    "ebgan": Game("EBGAN", EBGAN, 100, (784,), (100,), batches=200, epochs=2),
}


def game_of(name: str, toy: bool = False) -> Game:
    """Returns a game by name. At toy size it has small samples, and few of them."""
    game = GAMES[name]
    if not toy:
        return game
    sample = {"dcgan": (8, 8, 1), "lstm": (3, 2)}.get(name, (min(game.sample[0], 6),))
    latent = (3, 2) if name == "lstm" else (3,)
    return dataclasses.replace(
        game, batch=4, sample=sample, latent=latent, batches=4, epochs=1, warm_up=2
    )
