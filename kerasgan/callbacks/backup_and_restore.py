from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import positive_integer
from kerasgan.backend import is_chief
from kerasgan.files import check_writable, remove_leftovers, replacing
from kerasgan.training.run_keeper import RunKeeper


class BackupAndRestore(RunKeeper):
    """Takes training up exactly where it was when its process ended.

    As `keras.callbacks.BackupAndRestore`, and then some: with it, a run that is killed and started again
    ends, on one device, with the same bits in every variable as a run that nothing disturbed, whether it was
    killed between epochs or in the middle of one. It keeps weights, optimizers, averages, seeds, running
    means, the order of the data and the position in it, and what other callbacks count. Each backup is one
    file, written beside the last one and then renamed: whenever the process is killed, one whole backup is
    there.

    Start the same script again: `fit` goes on by itself. It reads the data of the epoch again up to the
    position, without training, so that callbacks see those batches pass. A `tf.data.Dataset` has to be
    shuffled with a seed, and a generator to begin anew; arrays and a `keras.utils.PyDataset` need nothing.

    Args:
        backup_dir: Folder for the backup of this run alone; one that all hosts see, where there are several.
        save_freq: `"epoch"`, or a number of batches after which to write a backup, besides the one after each
            epoch. Defaults to `"epoch"`.
        delete_checkpoint: Whether to delete the backup once training has ended by itself. Defaults to `True`.

    Raises:
        ValueError: If `backup_dir` is empty or `save_freq` is neither `"epoch"` nor a positive integer; and
            in `fit`, if the backup is that of another model.
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
        """Reads the backup, if there is one."""
        remove_leftovers(self.backup_dir)
        if not self.path.is_file():
            return None
        with np.load(self.path, allow_pickle=False) as arrays:
            return dict(arrays)

    def follow(self, model: keras.Model, *run: Any) -> None:
        """Begins to follow a run, if its backups can be written."""
        if is_chief(model):
            check_writable(self.backup_dir)
        super().follow(model, *run)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes up the run, and counts batches anew."""
        super().on_epoch_begin(epoch, logs)
        self._epoch, self._last_batch = epoch, self.first_batch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes a backup every `save_freq` batches."""
        done = batch + 1
        is_last = done >= (self.params.get("steps") or np.inf)
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
            with replacing(self.path) as temporary:
                np.savez(temporary, **state)  # type: ignore[arg-type]
