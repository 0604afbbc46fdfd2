"""A game in TensorBoard."""

from __future__ import annotations

import os
from typing import Any, Literal

import keras
import numpy as np

from kerasgan.arguments import positive_integer
from kerasgan.backend import is_chief
from kerasgan.callbacks._requirements import require_methods
from kerasgan.callbacks.sample_grid import SampleGrid
from kerasgan.extras import require


class TensorBoard(keras.callbacks.TensorBoard):
    """Writes a game for TensorBoard: its logs, every learning rate, and generated samples.

    Keras's callback of this name writes what a model logs, and one learning rate. This
    one adds a learning rate for each turn, as `epoch_<turn>_learning_rate`. It also adds
    a picture of generated samples, in a run called `samples`. Every picture is drawn from
    the same noise (and the same conditions), so that TensorBoard's slider shows how each
    sample develops. With several workers, the chief writes the values of epochs and the
    pictures.

    Args:
        log_dir: Folder for the files that TensorBoard reads. Defaults to `"logs"`.
        rows: Positive integer, the rows of the picture. Defaults to `4`.
        columns: Positive integer. Defaults to `4`.
        every_epochs: Positive integer: a picture after every so many epochs. `None` draws
            none, as for a model that has no `generate`. Defaults to `1`.
        condition: Array of `rows * columns` conditions for a conditional model, one for
            each cell, row after row. Defaults to `None`.
        seed: Integer, the seed of the noise. Defaults to `0`.
        value_range: As in `SampleGrid`. Defaults to `None`, as there.
        kind: `"images"` or `"curves"`, as in `SampleGrid`. Defaults to `None`.
        **arguments: Those of `keras.callbacks.TensorBoard`.

    Raises:
        ImportError: When training begins, if the package `tensorboard` is not installed.
        ValueError: If an argument is out of range, the conditions do not fit the model or
            the grid, or the samples cannot be drawn.
        TypeError: If the model is not one of kerasgan, or has no `generate`.

    Example:

    >>> board = TensorBoard("logs", rows=2, columns=5, every_epochs=10)
    >>> # gan.fit(x, epochs=50, callbacks=[board])
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        *,
        rows: int = 4,
        columns: int = 4,
        every_epochs: int | None = 1,
        condition: Any = None,
        seed: int = 0,
        value_range: Any = None,
        kind: Literal["images", "curves"] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(log_dir, **arguments)
        self.every_epochs = (
            None if every_epochs is None else positive_integer("every_epochs", every_epochs)
        )
        # It draws and checks; nothing is written to its folder.
        self._grid = SampleGrid(
            log_dir,
            rows,
            columns,
            condition=condition,
            seed=seed,
            value_range=value_range,
            kind=kind,
        )
        self._samples_writer: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        require_methods(self.model, "TensorBoard", ("turns",))
        require("tensorboard", "`TensorBoard`", otherwise="alone with `pip install tensorboard`")
        if self.every_epochs is not None:
            self._grid.set_model(self.model)
            self._grid.on_train_begin()
            # Only here is the folder known: a search over hyperparameters gives each trial its own.
            folder = os.path.join(self.log_dir, "samples")
            self._samples_writer = self.summary.create_file_writer(folder)
        super().on_train_begin(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        # Keras leaves a filter for the values of batches on, which may let nothing through. Workers
        # compute together; one of them writes.
        with self.summary.record_if(is_chief(self.model)):
            super().on_epoch_end(epoch, {**(logs or {}), **self._learning_rates()})
            if self.every_epochs is not None and (epoch + 1) % self.every_epochs == 0:
                picture = np.asarray(self._grid.draw())
                picture = picture.reshape(1, *picture.shape[:2], -1)
                with self._samples_writer.as_default():
                    self.summary.image("samples", picture, step=epoch)
                self._samples_writer.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_end(logs)
        if self._samples_writer is not None:
            self._samples_writer.close()

    def _learning_rates(self) -> dict[str, float]:
        return {
            f"{turn.name}_learning_rate": float(
                keras.ops.convert_to_numpy(self.model.optimizer[turn.name].learning_rate)
            )
            for turn in self.model.turns()
        }
