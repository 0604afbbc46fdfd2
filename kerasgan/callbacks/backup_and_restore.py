from __future__ import annotations

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import positive_integer
from kerasgan.backend import is_chief
from kerasgan.files import check_writable, remove_leftovers
from kerasgan.training.array_file import read_arrays, write_arrays
from kerasgan.training.run import Run
from kerasgan.training.run_description import summed_up
from kerasgan.training.run_keeper import RunKeeper

logger = logging.getLogger("kerasgan")


class BackupAndRestore(RunKeeper):
    """Continues training exactly where it was when its process ended.

    It does what `keras.callbacks.BackupAndRestore` does, and more. You can kill a run between epochs or in
    the middle of one, and start it again. On one device it then ends with the same bits in every variable as
    a run that nothing disturbed. The backup keeps weights, optimizers, averages, seeds, running means, the
    order of the data and the position in it, what other callbacks remember, the history, and whether a
    callback has ended training. Each backup is one file, written beside the last one and then renamed. So
    there is always one whole backup, whenever the process is killed.

    To continue, start the same script again: `fit` finds the backup by itself, and says so unless `verbose`
    is 0. It reads the data of the epoch again up to the position, without training. Arrays and a
    `keras.utils.PyDataset` work as they are. Shuffle a `tf.data.Dataset` with a seed, for validation too. A
    generator must begin anew. A layer of yours that draws random numbers needs its own
    `keras.random.SeedGenerator`.

    Other callbacks are called for each batch that is trained on. Their attributes are restored after they
    have begun training and the epoch. That holds for numbers, text, arrays, generators of random numbers, and
    lists and dictionaries of these. A `CSVLogger` continues its file. If a callback of yours writes other
    files, let it open them to append.

    A backup holds a description of the run: the model, the arguments of `compile`, the data and their order.
    If the script has changed since, `fit` names the changes, and continues only if `allow_changes` is set.
    `epochs` and callbacks may change.

    Args:
        backup_dir: Folder for the backup of this run alone. With several hosts, all of them must see it.
        save_freq: `"epoch"`, or a number of batches after which to write a backup, besides the one after each
            epoch. Defaults to `"epoch"`.
        delete_checkpoint: Whether to delete the backup once training has ended by itself. With `False`, a
            script that is killed between training and saving need not train again. Defaults to `True`.
        allow_changes: Whether to continue if the script has changed since the backup. Changed learning rates
            are then taken from the script, and everything else from the backup. Defaults to `False`.

    Raises:
        ValueError: If `backup_dir` is empty or `save_freq` is neither `"epoch"` nor a positive integer; and
            in `fit`, if the backup is damaged, belongs to another model, or the script has changed.
        OSError: In `fit`, before it trains, if `backup_dir` cannot be written to.

    Example:

    >>> callback = BackupAndRestore("backups/digits", save_freq=100)
    >>> # gan.fit(x, epochs=50, callbacks=[callback])
    """

    reads_logs = False

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        delete_checkpoint: bool = True,
        allow_changes: bool = False,
    ) -> None:
        super().__init__()
        if not str(backup_dir):
            raise ValueError(
                "Invalid value for argument `backup_dir`. Expected the path of a folder. Received: ''"
            )
        self.backup_dir = Path(backup_dir)
        self.save_freq = save_freq
        every_epoch = save_freq == "epoch"
        self._batches = None if every_epoch else positive_integer("save_freq", save_freq)
        self.delete_checkpoint = delete_checkpoint
        self.allow_changes = allow_changes
        self._epoch = self._last_batch = 0

    @property
    def listens_to_batches(self) -> bool:
        """Whether it writes after single batches."""
        return self._batches is not None

    @property
    def path(self) -> Path:
        """The file of the backup."""
        return self.backup_dir / "training_state.npz"

    def stored(self) -> dict[str, np.ndarray] | None:
        """Reads the backup, if there is one.

        Raises:
            ValueError: If it is damaged.
        """
        remove_leftovers(self.backup_dir)
        return read_arrays(self.path) if self.path.is_file() else None

    def check_changes(self, changes: list[str]) -> None:
        """Warns of what has changed since the backup, or raises a `ValueError` if changes are not allowed."""
        if self.allow_changes:
            logger.warning("Training goes on from '%s', though %s.", self.path, summed_up(changes))
            return
        raise ValueError(
            f"The backup '{self.path}' is of another run: {summed_up(changes)}. Start the script as it was, "
            "delete the backup to train from the start, or go on from it with "
            "`BackupAndRestore(..., allow_changes=True)`."
        )

    def follow(self, model: keras.Model, run: Run, saved: dict[str, np.ndarray] | None) -> None:
        """Begins to follow a run, if its backups can be written."""
        if is_chief(model):
            check_writable(self.backup_dir)
        super().follow(model, run, saved)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Continues the run, and says where."""
        is_left = self._saved is not None and self.initial_epoch < self.run.epochs
        if is_left and self.params.get("verbose") and is_chief(self.model):
            batch = f", batch {self.first_batch + 1}" if self.first_batch else ""
            sys.stdout.write(
                f"Training continues at epoch {self.initial_epoch + 1}{batch}, from '{self.path}'.\n"
            )
        super().on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Continues the run, and counts the batches of the epoch from 0."""
        super().on_epoch_begin(epoch, logs)
        self._epoch, self._last_batch = epoch, 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes a backup every `save_freq` batches."""
        done = batch + 1
        if self.run.is_passing:
            self._last_batch = done
            super().on_train_batch_end(batch, logs)
            return
        is_last = done >= (self.params.get("steps") or np.inf) or self.model.stop_training
        # After the last batch comes the backup of the epoch's end.
        if self._batches is not None and done - self._last_batch >= self._batches and not is_last:
            self._write(self._epoch, done)
            self._last_batch = done

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes a backup."""
        self._write(epoch + 1, 0)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Deletes the backup."""
        if self.delete_checkpoint and is_chief(self.model):
            self.path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # The folder holds what is not ours.
                self.backup_dir.rmdir()

    def _write(self, epoch: int, batch: int) -> None:
        # Every worker reads its variables, since some are read together; one of them writes.
        state = self.capture(epoch, batch)
        if is_chief(self.model):
            write_arrays(self.path, state)
