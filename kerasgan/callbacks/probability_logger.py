"""What the discriminator believed at each update, as numbers and as a picture."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path
from typing import Any

import keras

from kerasgan.arguments import positive_integer
from kerasgan.backend import is_chief
from kerasgan.callbacks._lock import Lock
from kerasgan.callbacks._requirements import require_methods
from kerasgan.callbacks._update_curves import check_picture_name, draw_update_curves
from kerasgan.files import check_writable, replacing

# What a discriminator's output is called, which depends on the loss.
_SCORES = ("probability", "energy", "score")


class ProbabilityLogger(keras.callbacks.Callback):
    """Keeps the discriminator's probabilities and all losses, update by update.

    There is a value for each single update, and not the running mean that Keras shows
    in the progress bar. That holds with several discriminator steps per batch and with
    `steps_per_execution` above 1, too. Further calls of `fit` add to the lists. When
    training is interrupted, the lists keep what was logged; call `write` to write it to
    disk too. Files are written at the end of epochs and of training, each whole or not
    at all. With several workers, the chief writes.

    The CSV file has a row for each update, sorted by turn. Its columns are `turn` (such
    as `discriminator`), `update` (1 for the first of its turn), and one for each
    quantity. A cell is empty where a turn does not have the quantity.

    The picture shows the probabilities (energies, scores) above and the losses with
    their extra terms below: each value thin, a running mean on top.

    Args:
        directory: Folder for the files; it is made if it does not exist. Defaults to
            `None`: nothing is written.
        csv_name: Name of the CSV file, or `None` for no such file. Defaults to
            `"probabilities.csv"`.
        picture_name: Name of the picture, or `None` for no picture. A picture needs
            Matplotlib: `pip install "kerasgan[plot]"`. Defaults to
            `"probabilities.png"`.
        every_epochs: Positive integer: the files are written after every so many epochs
            and when training ends. Defaults to `1`.
        smoothing: Positive integer, the number of updates in the picture's running
            mean. Defaults to `None`: a fortieth of the updates.

    Attributes:
        updates: All values, as `updates[turn][quantity]`: a list with a `float` for
            each update.
        d_logs: List with a value for each discriminator update: the mean of D(G(z)) in
            the discriminator's turn. Models without probabilities log the mean energy
            or score of generated samples instead.
        g_logs: List with a value for each generator update: the mean of D(G(z)), energy
            or score in the generator's turn.
        a_logs: List with the reconstruction loss of each update of an auto-encoder;
            empty for models without one.
        paths: List of the files that this callback writes; empty without `directory`.

    Raises:
        ImportError: If a picture is asked for and Matplotlib is not installed.
        TypeError: If the model has no `updates_since`.
        ValueError: If an argument is out of range or Matplotlib has no format with the
            suffix of `picture_name`.
        OSError: When training begins, if `directory` cannot be written to.

    Example:

    >>> logger = ProbabilityLogger()
    >>> # gan.fit(x, epochs=5, callbacks=[logger])
    >>> d_logs, g_logs = logger.extract_logs_tuple()
    """

    # Every update is read by `updates_since`.
    reads_logs = False
    listens_to_batches = False

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        csv_name: str | None = "probabilities.csv",
        picture_name: str | None = "probabilities.png",
        every_epochs: int = 1,
        smoothing: int | None = None,
    ) -> None:
        super().__init__()
        self.directory = None if directory is None else Path(directory)
        self.csv_name = csv_name
        self.picture_name = picture_name
        self.every_epochs = positive_integer("every_epochs", every_epochs)
        self.smoothing = None if smoothing is None else positive_integer("smoothing", smoothing)
        if self.directory is not None and picture_name is not None:
            check_picture_name(picture_name)
        self.updates: dict[str, dict[str, list[float]]] = {}
        # Keras calls a callback that is not inside a list from several threads.
        self._lock = Lock()
        self._cursor: Any = None

    @property
    def d_logs(self) -> list[float]:
        return self._scores("discriminator", "fake")

    @property
    def g_logs(self) -> list[float]:
        return self._scores("generator", "generator")

    @property
    def a_logs(self) -> list[float]:
        return self.updates.get("reconstruction", {}).get("reconstruction_loss", [])

    @property
    def paths(self) -> list[Path]:
        if self.directory is None:
            return []
        return [self.directory / name for name in (self.csv_name, self.picture_name) if name]

    def extract_logs_tuple(self) -> tuple[list[float], ...]:
        """Returns the logs in the order in which their turns are played.

        Returns:
            `(d_logs, g_logs)`, and `(a_logs, d_logs, g_logs)` once a reconstruction has
            been logged.

        Example:

        >>> ProbabilityLogger().extract_logs_tuple()
        ([], [])
        """
        logs = (self.d_logs, self.g_logs)
        return (self.a_logs, *logs) if self.a_logs else logs

    def write(self) -> list[Path]:
        """Writes the files now.

        Returns:
            The paths written; empty without `directory`, and on a worker that is not the
            chief.
        """
        # Workers read the values together; one of them writes.
        if self.directory is None or not (self.model is None or is_chief(self.model)):
            return []
        if self.csv_name is not None:
            _write_csv(self.updates, self.directory / self.csv_name)
        if self.picture_name is not None:
            draw_update_curves(self.updates, self.directory / self.picture_name, self.smoothing)
        return self.paths

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        require_methods(self.model, "ProbabilityLogger", ("updates_since",))
        if self.directory is not None and is_chief(self.model):
            check_writable(self.directory)
        _, self._cursor = self.model.updates_since(None)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        with self._lock:
            updates, self._cursor = self.model.updates_since(self._cursor)
            for turn, quantities in updates.items():
                _extend(self.updates.setdefault(turn, {}), quantities)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self.every_epochs == 0:
            self.write()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.write()

    def _scores(self, turn: str, prefix: str) -> list[float]:
        quantities = self.updates.get(turn, {})
        for score in _SCORES:
            if f"{prefix}_{score}" in quantities:
                return quantities[f"{prefix}_{score}"]
        return []


def _extend(lists: dict[str, list[float]], quantities: dict[str, Any]) -> None:
    done = max((len(values) for values in lists.values()), default=0)
    new = max((len(values) for values in quantities.values()), default=0)
    # A model compiled anew may have other terms: each list still has a value per update.
    for name in [*lists, *(name for name in quantities if name not in lists)]:
        values = lists.setdefault(name, [math.nan] * done)
        values.extend(float(value) for value in quantities.get(name, [math.nan] * new))


def _write_csv(updates: dict[str, dict[str, list[float]]], path: Path) -> None:
    columns = list(dict.fromkeys(name for lists in updates.values() for name in lists))
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["turn", "update", *columns])
        for turn, lists in updates.items():
            names = list(lists)
            cells = [names.index(name) if name in lists else None for name in columns]
            for update, values in enumerate(zip(*lists.values(), strict=True), start=1):
                row = ["" if cell is None else values[cell] for cell in cells]
                writer.writerow([turn, update, *row])
