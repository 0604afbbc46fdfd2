"""Pictures that the generator draws from the same noise while it learns."""

from __future__ import annotations

import os
import string
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from PIL import Image

from kerasgan.arguments import non_negative_integer, positive_integer
from kerasgan.backend import is_chief
from kerasgan.callbacks._lock import Lock
from kerasgan.callbacks._requirements import require_methods
from kerasgan.callbacks.image_grid import (
    check_value_range,
    image_format,
    image_grid,
    range_of,
    save_image,
)
from kerasgan.files import check_writable

_FIELDS = ("epoch", "batch", "index")
_EPOCH_NAME = "epoch_{epoch:04d}.png"
_BATCH_NAME = "epoch_{epoch:04d}_batch_{batch:06d}.png"


class SampleGrid(keras.callbacks.Callback):
    """Writes grids of generated samples while a model is trained.

    Every grid is drawn from the same noise (and the same conditions), so that the
    pictures show how each sample develops. They are written every few epochs, every few
    batches, or both. When training begins, a first grid is drawn in memory. So you get
    an error at once if the samples cannot be drawn. Set `at_begin` to write that grid
    too. With several workers, the chief writes.

    Args:
        directory: Folder for the pictures; it is made if it does not exist.
        rows: Positive integer. Defaults to `4`.
        columns: Positive integer. Defaults to `4`.
        every_epochs: Positive integer: a grid after every so many epochs. Defaults to
            `None`, which means 1 unless `every_batches` is given.
        every_batches: Positive integer: a grid after every so many batches, counted
            through all epochs. With `steps_per_execution` above 1 it is written at the
            end of the execution in which the count is reached. Defaults to `None`.
        file_name: Pattern for the names of the pictures. Its fields are `epoch` (1 in
            the first epoch, as in `keras.callbacks.ModelCheckpoint`; `initial_epoch`
            counts), `batch` (the batches done in this epoch) and `index` (0 for the
            first picture that this callback writes, then 1, 2, …). A picture of the
            same name as an earlier one replaces it. Defaults to `None`:
            `"epoch_{epoch:04d}.png"`, or with `every_batches`
            `"epoch_{epoch:04d}_batch_{batch:06d}.png"`.
        condition: Array of `rows * columns` conditions for a conditional model, one for
            each cell, row after row. Defaults to `None`.
        seed: Integer, the seed of the noise. Defaults to `0`.
        value_range: The values of black and white: a pair, or a normalization with a
            method `invert`; see `image_grid`. Defaults to `None`: the model's
            `normalization` if that tells black and white, or else `(-1, 1)`.
        scale: Positive integer, how many times a sample is enlarged. Defaults to `None`:
            small samples are enlarged as in `image_grid`.
        padding: Non-negative integer, pixels between the samples. Defaults to `2`.
        at_begin: Boolean, whether to write a grid before training, too. Its `epoch` is
            the number of epochs done, 0 for a new model. Defaults to `False`.
        kind: `"images"` or `"curves"`; see `image_grid`. Defaults to `None`.

    Attributes:
        paths: List of the files written, in order, each once.

    Raises:
        ValueError: If an argument is out of range, the pattern has an unknown field or
            no image suffix, the conditions do not fit the model or the grid, or the
            samples cannot be drawn.
        TypeError: If the model has no `generate` or no `updates_since`.
        OSError: When training begins, if `directory` cannot be written to.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     grids = SampleGrid(folder, rows=2, columns=5, every_epochs=10)
    ...     # gan.fit(x, epochs=50, callbacks=[grids])
    >>> grids.paths
    []
    """

    reads_logs = False

    def __init__(
        self,
        directory: str | os.PathLike[str],
        rows: int = 4,
        columns: int = 4,
        every_epochs: int | None = None,
        every_batches: int | None = None,
        file_name: str | None = None,
        condition: Any = None,
        seed: int = 0,
        value_range: Any = None,
        scale: int | None = None,
        padding: int = 2,
        at_begin: bool = False,
        kind: Literal["images", "curves"] | None = None,
    ) -> None:
        super().__init__()
        self.directory = Path(directory)
        self.rows = positive_integer("rows", rows)
        self.columns = positive_integer("columns", columns)
        if every_epochs is None and every_batches is None:
            every_epochs = 1
        self.every_epochs = _optional_integer("every_epochs", every_epochs)
        self.every_batches = _optional_integer("every_batches", every_batches)
        if file_name is None:
            file_name = _EPOCH_NAME if every_batches is None else _BATCH_NAME
        self._fields = _check_file_name(file_name)
        self.file_name = file_name
        self.condition = _check_condition(condition, self.rows, self.columns)
        self.seed = non_negative_integer("seed", seed)
        if value_range is not None:
            check_value_range(value_range)
        self.value_range = value_range
        self.scale = _optional_integer("scale", scale)
        self.padding = non_negative_integer("padding", padding)
        self.at_begin = at_begin
        self.kind = kind
        self.paths: list[Path] = []
        # Reading the updates waits for the device, so it is done only where a count is needed.
        self._counts_batches = every_batches is not None or "batch" in self._fields
        # Keras calls a callback that is not inside a list from several threads.
        self._lock = Lock()
        self._cursor: Any = None
        self._index = 0
        self._epoch = 0
        self._batches = 0
        self._batches_in_epoch = 0
        self._written_at: tuple[int, int] | None = None
        self._begin_image: Image.Image | None = None
        # A backup holds this, and no picture: a run that is taken up does not begin once more.
        self._has_begun = False

    @property
    def listens_to_batches(self) -> bool:
        """Whether it draws after single batches."""
        return self._counts_batches

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        methods = ("generate", "updates_since") if self._counts_batches else ("generate",)
        require_methods(self.model, "SampleGrid", methods)
        if getattr(self.model, "conditional", False):
            if self.condition is None:
                raise ValueError(
                    "Invalid value for argument `condition`. Expected an array of rows * columns "
                    f"= {self.rows * self.columns} conditions, as the model is conditional. "
                    "Received: condition=None"
                )
        elif self.condition is not None:
            raise ValueError(
                "Invalid value for argument `condition`. Expected None, as the model is not "
                f"conditional. Received: condition of shape {self.condition.shape}"
            )
        if is_chief(self.model):
            check_writable(self.directory)
        image = self.draw()
        self._begin_image = image if self.at_begin else None
        self._has_begun = False
        if self._counts_batches:
            _, self._cursor = self.model.updates_since(None)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._batches_in_epoch = 0
        # Only here is `initial_epoch` known.
        self._epoch = epoch
        if self._begin_image is not None and not self._has_begun:
            self._write(self._begin_image)
        self._begin_image, self._has_begun = None, True
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if not self._counts_batches:
            return
        with self._lock:
            before = self._batches
            done = self._count_batches()
            self._batches += done
            self._batches_in_epoch += done
            every = self.every_batches
            if every is not None and self._batches // every > before // every:
                self._write(self.draw())

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.every_epochs is None or (epoch + 1) % self.every_epochs != 0:
            return
        # The last batch of the epoch may have been drawn already.
        if self._written_at != (self._epoch, self._batches) or self._batches_in_epoch == 0:
            self._write(self.draw())

    def _count_batches(self) -> int:
        # `batch` would overstate a last execution that the data did not fill. A batch moves
        # some players more than once, and at least one of them exactly once.
        updates, self._cursor = self.model.updates_since(self._cursor)
        counts = [len(values) for turn in updates.values() for values in turn.values()]
        return min(counts, default=0)

    def draw(self) -> Image.Image:
        """Returns the grid of what the model generates now."""
        condition = {} if self.condition is None else {"condition": self.condition}
        samples = self.model.generate(self.rows * self.columns, seed=self.seed, **condition)
        return image_grid(
            samples,
            rows=self.rows,
            columns=self.columns,
            value_range=range_of(self.model) if self.value_range is None else self.value_range,
            scale=self.scale,
            padding=self.padding,
            kind=self.kind,
        )

    def _write(self, image: Image.Image) -> None:
        name = self.file_name.format(
            epoch=self._epoch, batch=self._batches_in_epoch, index=self._index
        )
        # Workers generate together; one of them writes.
        if is_chief(self.model):
            path = save_image(image, self.directory / name)
            if path not in self.paths:
                self.paths.append(path)
        self._index += 1
        self._written_at = (self._epoch, self._batches)


def _optional_integer(name: str, value: int | None) -> int | None:
    return None if value is None else positive_integer(name, value)


def _check_condition(condition: Any, rows: int, columns: int) -> np.ndarray | None:
    if condition is None:
        return None
    array: np.ndarray = keras.ops.convert_to_numpy(condition)
    if array.ndim == 0 or len(array) != rows * columns:
        raise ValueError(
            "Invalid value for argument `condition`. Expected an array of rows * columns = "
            f"{rows * columns} conditions. Received: condition of shape {array.shape}"
        )
    return array


def _check_file_name(file_name: str) -> set[str]:
    try:
        fields = {field for _, field, _, _ in string.Formatter().parse(file_name) if field}
        fields_known = fields <= set(_FIELDS)
        image_format(file_name.format(epoch=0, batch=0, index=0))
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise ValueError(_file_name_message(file_name)) from error
    if not fields_known:
        raise ValueError(_file_name_message(file_name))
    return fields


def _file_name_message(file_name: Any) -> str:
    return (
        "Invalid value for argument `file_name`. Expected a pattern with the fields {epoch}, "
        "{batch} and {index} only and the suffix of an image format, such as "
        f"'epoch_{{epoch:04d}}.png'. Received: file_name={file_name!r}"
    )
