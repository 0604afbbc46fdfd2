from __future__ import annotations

import contextlib
import logging
import os
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
    """Takes training up exactly where it was when its process ended.

    As `keras.callbacks.BackupAndRestore`, and then some: with it, a run that is killed and started again
    ends, on one device, with the same bits in every variable as a run that nothing disturbed, whether it was
    killed between epochs or in the middle of one. It keeps weights, optimizers, averages, seeds, running
    means, the order of the data and the position in it, what other callbacks remember, the history, and
    whether a callback has ended training. Each backup is one file, written beside the last one and then
    renamed: whenever the process is killed, one whole backup is there.

    Start the same script again: `fit` goes on by itself. It reads the data of the epoch again up to the
    position, without training. A `tf.data.Dataset` has to be shuffled with a seed, for validation too, and a
    generator to begin anew; arrays and a `keras.utils.PyDataset` need nothing. A layer of yours that draws
    needs a `keras.random.SeedGenerator` of its own.

    Other callbacks are called for each batch that is trained on. What their attributes hold (numbers, text,
    arrays, generators of random numbers, and lists and dictionaries of these) is put back after they have
    begun training, and the epoch. A `CSVLogger` goes on with its file. Other files that a callback of yours
    writes are its own affair: open them to append.

    A backup holds a description of the run: the model, what `compile` got, the data and their order. Where
    the script says something else now, `fit` says what, and goes on only if `allow_changes` is set. `epochs`
    and callbacks may change.

    Args:
        backup_dir: Folder for the backup of this run alone; one that all hosts see, where there are several.
        save_freq: `"epoch"`, or a number of batches after which to write a backup, besides the one after each
            epoch. Defaults to `"epoch"`.
        delete_checkpoint: Whether to delete the backup once training has ended by itself. Defaults to `True`.
            With `False`, a script that is killed between training and saving has nothing to train again.
        allow_changes: Whether to go on where the script is no longer that of the backup. Learning rates that
            have changed are then the script's, everything else that the backup holds is the backup's.
            Defaults to `False`.

    Raises:
        ValueError: If `backup_dir` is empty or `save_freq` is neither `"epoch"` nor a positive integer; and
            in `fit`, if the backup is damaged, or that of another model or of a script that has changed.
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
        """Says what has changed since the backup, and ends training if that is not allowed."""
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

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes up the run, and counts batches anew."""
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
