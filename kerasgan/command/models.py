"""Loads models for the commands that use one: from a run, or from a `.keras` file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasgan.command.errors import CommandError, sentence
from kerasgan.command.run_folder import RunFolder
from kerasgan.command.settings import FILE_NAME, Settings
from kerasgan.core import GenerativeModel
from kerasgan.datasets.normalization import Normalization, Tanh


class Loaded(NamedTuple):
    """A model, and what is known about its samples.

    Attributes:
        game: The model.
        normalization: The normalization of its samples.
        class_names: The names of its classes, or `None`.
        settings: The settings of its run, or `None`.
        path: The file of the model.
    """

    game: GenerativeModel
    normalization: Normalization
    class_names: list[str] | None
    settings: Settings | None
    path: Path


def load(given: Path, value_range: list[float] | None = None, compiled: bool = False) -> Loaded:
    """Loads the model of a run, or of a file.

    Args:
        given: The folder of a run, or a file that ends in `.keras`.
        value_range: The values of black and white. Defaults to `None`: the values that the model knows, or
            else -1 and 1.
        compiled: Whether to compile the model, so that it knows its loss. Without it, loading is faster.
            Defaults to `False`.

    Raises:
        CommandError: If there is no such model, or it does not generate samples.
    """
    path = RunFolder(given).model if given.is_dir() else given
    if given.is_dir() and not path.is_file():
        raise CommandError(
            f"{given} has no {path.name}. Give the folder of a run, or a .keras file."
        )
    # Older formats are refused, because loading them may run code.
    if path.suffix != ".keras" or not path.is_file():
        raise CommandError(f"{given}: there is no such run and no such .keras file.")
    try:
        game = keras.saving.load_model(path, compile=compiled)
    except (ValueError, TypeError, OSError) as error:
        raise CommandError(f"{path} cannot be loaded: {sentence(error)}") from error
    if not isinstance(game, GenerativeModel):
        raise CommandError(f"{path} is not a kerasgan model that generates samples.")
    beside = path.parent / FILE_NAME
    settings = Settings.read(beside) if beside.is_file() else None
    normalization: Any = None
    own = game.normalization
    if value_range is None and own is not None and own.value_range is not None and not own.images:
        value_range = own(np.array(own.value_range)).tolist()
    if value_range is not None:
        # In files, black is 0 and white is 255.
        low, high = value_range
        scale = 255.0 / (high - low)
        normalization = Tanh((-1.0 - low) * scale, (1.0 - low) * scale)
    elif own is not None and own.images:
        normalization = own
    else:
        normalization = Tanh(0, 255)
    names = None if settings is None else settings.class_names
    return Loaded(game, normalization, names, settings, path)


def condition_of(given: str | None, loaded: Loaded) -> int | None:
    """Returns the label for `--condition`, which is the name or the number of a class.

    Raises:
        CommandError: If there is no such class.
    """
    if given is None:
        return None
    if not loaded.game.conditional:
        raise CommandError(f"--condition {given}: this model has no classes. Leave the option out.")
    names = loaded.class_names or []
    if given in names:
        return names.index(given)
    known = f"one of {', '.join(names)}" if names else "the number of a class"
    if given.isdecimal() and (not names or int(given) < len(names)):
        return int(given)
    raise CommandError(f"--condition {given}: there is no such class. Give {known}.")
