"""The model that a run starts from, with other pictures: `--from`."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import keras

from kerasgan.arguments import counted
from kerasgan.command.errors import CommandError
from kerasgan.command.models import load
from kerasgan.command.settings import Settings
from kerasgan.command.stages import first_stages
from kerasgan.models import GAN, ConditionalGAN

_CHANNELS = (1, 3, 4)
_RANGE = (-1.0, 1.0)


class Start(NamedTuple):
    """A model that a run starts from.

    Attributes:
        game: The model.
        path: The file of the model.
        fingerprint: The SHA-256 hash of the file.
        size: Height and width of its pictures.
        channels: Channels of its pictures.
        classes: How many classes it has, or `None`.
        network: The name of its network, as in `--network`, or `None` if it is unknown.
        filters: The filters of its generator, or `None` if they are unknown.
        latent_size: How many numbers a latent point has.
    """

    game: GAN
    path: Path
    fingerprint: str
    size: list[int]
    channels: int
    classes: int | None
    network: str | None
    filters: int | None
    latent_size: int

    def record(self) -> dict[str, str]:
        """Returns what the settings of a run keep: the path and the fingerprint."""
        return {"model": str(self.path), "fingerprint": self.fingerprint}

    def check(self, settings: Settings) -> None:
        """Raises if the settings of a run do not fit the model. The error names the option to change.

        Raises:
            CommandError: If the settings do not fit.
        """
        has = {
            "size": ("pictures of {}", self.size, settings.size),
            "channels": ("{} channels", self.channels, settings.channels),
            "network": ("the network {}", self.network, settings.network),
            "filters": ("{} filters", self.filters, settings.filters),
        }
        for name, (what, own, asked) in has.items():
            if asked != own:
                what = what.format(_shown(own)) if own is not None else "a network of its own"
                raise CommandError(
                    f"--{name} {_shown(asked)} and --from contradict each other: {self.path} has {what}. "
                    f"Leave --{name} out."
                )
        asked = None if settings.class_names is None else len(settings.class_names)
        if asked != self.classes:
            raise CommandError(
                f"FOLDER {settings.folder} has {counted(asked or 0, 'sub-folder')} with pictures, and --from "
                f"{self.path} has {counted(self.classes or 0, 'class', 'classes')}. Give as "
                "many sub-folders as classes."
            )
        first_stages(self.game.discriminator, settings.freeze)

    def class_names(self, conditional: str | None, found: Mapping[str, int] | None) -> Any:
        """Returns the names of the classes of a run: the sub-folders, or `None`.

        Args:
            conditional: The option `--conditional`.
            found: How many pictures each sub-folder has.

        Raises:
            CommandError: If the option does not fit the model.
        """
        if conditional == ("yes" if self.classes is None else "no"):
            raise CommandError(
                f"--conditional {conditional} and --from contradict each other: {self.path} has "
                f"{counted(self.classes or 0, 'class', 'classes')}. Leave --conditional out."
            )
        return None if self.classes is None else list(found or ())

    def write(self, path: Path, seed: int) -> None:
        """Writes the first game of the run to a file.

        The generator starts with the averaged weights of the model, if it has any. The pictures that the
        model draws come from these weights, which lack the noise of the last updates. The discriminator
        starts with its own weights. The optimizers, the average and all random draws start anew.

        Args:
            path: The file to write, which ends in `.keras`.
            seed: The seed of everything random.
        """
        keras.utils.set_random_seed(seed)
        game = self.game
        players = (game.averaged(game.generator), game.discriminator)
        for player in players:
            player.trainable = True
        type(game)(*players, prior=game.prior).save(path)


def load_start(given: Path) -> Start:
    """Loads the model that a run starts from.

    Args:
        given: The folder of a run, or a file that ends in `.keras`.

    Raises:
        CommandError: If there is no such model, or `kerasgan train` cannot train it.
    """
    try:
        loaded = load(given)
    except CommandError as error:
        raise CommandError(f"--from {error}") from error
    game, settings = loaded.game, loaded.settings
    # Subclasses play other games.
    if not isinstance(game, GAN) or type(game) not in (GAN, ConditionalGAN):
        raise CommandError(
            f"--from {loaded.path} has the class {type(game).__name__}. Give a GAN or a ConditionalGAN."
        )
    shape: tuple[Any, ...] = getattr(game.samples.specification, "shape", ())[1:]
    if len(shape) != 3 or None in shape or shape[2] not in _CHANNELS:
        raise CommandError(
            f"--from {loaded.path} makes samples of shape {shape}, not pictures with 1, 3 or 4 channels."
        )
    if game.samples.value_range not in (None, _RANGE):
        low, high = game.samples.value_range
        raise CommandError(
            f"--from {loaded.path} makes values from {low:g} to {high:g}. Give a model that makes pictures "
            "from -1 to 1."
        )
    return Start(
        game=game,
        path=loaded.path.resolve(),
        fingerprint=fingerprint(loaded.path),
        size=list(shape[:2]),
        channels=shape[2],
        classes=_classes(game, loaded.path),
        network=None if settings is None else settings.network,
        filters=None if settings is None else settings.filters,
        latent_size=sum(math.prod(leaf.shape[1:]) for leaf in game.latent.leaves),
    )


def is_start(given: Path, record: Mapping[str, str]) -> bool:
    """Tells whether `--from` is the model that a run started from. The file may be gone.

    Args:
        given: The option.
        record: What the settings of the run keep of the model.
    """
    path = given / Path(record["model"]).name if given.is_dir() else given
    if path.is_file():
        return fingerprint(path) == record["fingerprint"]
    began = Path(record["model"])
    return given.resolve() in (began, began.parent)


def fingerprint(path: Path) -> str:
    """Returns the SHA-256 hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _classes(game: GAN, path: Path) -> int | None:
    if game.condition is None:
        return None
    label = game.condition.ranges.get("")
    shape = getattr(game.condition.specification, "shape", None)
    if label is None or label.lowest != 0 or shape != (None,):
        raise CommandError(
            f"--from {path} takes conditions that are not the numbers of classes. Give a model with classes."
        )
    return label.highest + 1


def _shown(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)
