"""A callback that measures how well a model finds abnormal samples."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import counted, fraction, invalid, positive_integer
from kerasgan.arrays import as_array, check_array, count_of, cut, is_array
from kerasgan.core.use import Use

# The scores that models have of their own, the best first.
_OWN = ("anomaly_score", "energy", "reconstruct")


class AnomalyDetection(keras.callbacks.Callback):
    """Measures how well a model finds abnormal samples, and logs it as `auroc`.

    Train the model on normal samples only. After epochs, this callback gives a score to held-out samples,
    normal and abnormal ones. A high score means abnormal. The AUROC, the area under the ROC curve, is the
    probability that an abnormal sample has a higher score than a normal one. Equal scores count half. 1 is
    perfect, and 0.5 is chance.

    `auroc` is in the logs like a loss. So the progress bar and `history` show it, `CSVLogger` writes it, and
    `EarlyStopping("auroc")` and `ModelCheckpoint(path, "auroc", save_best_only=True)` know that it should
    rise. They can stand before or after this callback in the list. In epochs without a measurement, `auroc`
    is NaN.

    A measurement does not change training. With several workers, all measure, and get the same value.

    The threshold fits the weights with which it was measured. Call `measure` after you have changed them, for
    example if `EarlyStopping` restored the best weights. `measure(model)` does the same for a loaded model.
    If `score` is a function, `measure()` needs no model. So you can measure other detectors in the same way.

    If you choose epochs by `auroc`, the best value is too good. Measure it again on other samples.

    Args:
        x: Held-out samples, normal and abnormal ones: an array, or a dictionary of arrays.
        abnormal: A boolean for each sample: whether it is abnormal.
        score: What tells how abnormal samples are. The name of a method of the model, where `"reconstruct"`
            means the mean squared error of the reconstruction. Or a function of a batch of `x` that returns
            a number for each sample. A conditional model needs a function. Defaults to `None`: the model's
            `anomaly_score`, `energy` or `reconstruct`, the first that it has.
        false_alarms: The share of normal samples that may be called abnormal, from 0 to 1 (not included). It
            decides the threshold. A share of 0.01 needs at least 100 normal samples. With fewer, the
            threshold is their highest score. Defaults to `0.01`.
        every_epochs: Positive integer: measure after every so many epochs, after the first one, and when
            training ends. Defaults to `1`.
        batch_size: Positive integer, how many samples get their scores at once. Defaults to `256`.
        name: The name of the AUROC in the logs. Defaults to `"auroc"`.

    Attributes:
        auroc: The AUROC of the last measurement. NaN before the first one.
        threshold: The lowest score that at most the share `false_alarms` of the normal samples exceeds, in
            the last measurement. NaN before the first one.

    Raises:
        ValueError: If an argument is out of range, there is not at least one normal and one abnormal sample,
            the model does not have the score, or scores are NaN.

    Example:

    >>> x = np.random.default_rng(0).normal(size=(128, 2))
    >>> held_out = np.concatenate([x[64:], x[64:] + 9.0])
    >>> detection = kerasgan.callbacks.AnomalyDetection(held_out, np.arange(128) >= 64)
    >>> mlp = kerasgan.networks.mlp
    >>> gan = kerasgan.EBGAN(mlp(2, [4], 2), kerasgan.networks.AutoEncoder(mlp(2, [], 1), mlp(1, [], 2)))
    >>> gan.compile()
    >>> history = gan.fit(x[:64], epochs=2, verbose=0, callbacks=[detection])
    >>> len(history.history["auroc"]), bool(detection.auroc == history.history["auroc"][-1])
    (2, True)
    >>> detection.is_abnormal(held_out).shape
    (128,)
    """

    def __init__(
        self,
        x: Any,
        abnormal: Any,
        score: str | Callable[[Any], Any] | None = None,
        false_alarms: float = 0.01,
        every_epochs: int = 1,
        batch_size: int = 256,
        name: str = "auroc",
    ) -> None:
        super().__init__()
        self._held_out = _HeldOut(x, abnormal)
        if not (score is None or isinstance(score, str) or callable(score)):
            raise invalid(
                "score", score, "the name of a method of the model, a function of samples, or None"
            )
        self.score = score
        self.false_alarms = fraction("false_alarms", false_alarms)
        self.every_epochs = positive_integer("every_epochs", every_epochs)
        self.batch_size = positive_integer("batch_size", batch_size)
        if not isinstance(name, str) or not name:
            raise invalid("name", name, "a string that is not empty")
        self.name = name
        self.auroc = self.threshold = math.nan
        # Whether this run has a measurement, and whether the last epoch has one.
        self._has_begun = self._is_measured = False

    @property
    def directions(self) -> dict[str, str]:
        """The name in the logs, with the direction in which it improves."""
        return {self.name: "up"}

    def measure(self, model: Any = None) -> float:
        """Measures the model as it is now, and sets `auroc` and `threshold`.

        Args:
            model: Another model, which is used from now on. Defaults to `None`: the model of the last `fit`.

        Returns:
            The AUROC.
        """
        if model is not None:
            self.set_model(model)
        scores = self.scores(self._held_out.x)
        normal, abnormal = (scores[self._held_out.abnormal == each] for each in (False, True))
        self.auroc = _area_under_curve(normal, abnormal)
        self.threshold = _threshold(normal, self.false_alarms)
        return self.auroc

    def scores(self, samples: Any) -> np.ndarray:
        """Returns the score of each sample, `(count,)`. It is high for abnormal samples."""
        if self.model is None and not callable(self.score):
            raise ValueError(
                "`AnomalyDetection` has no model yet. Train one with this callback, or call "
                "`measure(model)`"
            )
        samples = as_array(samples, "samples")
        score = _score_function(self.model, self.score)
        batches = []
        for start in range(0, count_of(samples), self.batch_size):
            part = cut(samples, slice(start, start + self.batch_size))
            values = ops.convert_to_numpy(score(part))
            if values.shape not in ((count_of(part),), (count_of(part), 1)):
                raise ValueError(
                    "Invalid value for argument `score`. Expected a number for each of "
                    f"{counted(count_of(part), 'sample')}. Received: scores of shape {values.shape}"
                )
            batches.append(values.reshape(-1).astype("float64"))
        scores: np.ndarray = np.concatenate(batches) if batches else np.zeros(0)
        if np.isnan(scores).any():
            raise ValueError(
                "Invalid value for argument `score`. Expected numbers. Received: "
                f"{int(np.isnan(scores).sum())} of {counted(len(scores), 'score')} NaN"
            )
        return scores

    def is_abnormal(self, samples: Any) -> np.ndarray:
        """Tells of each sample whether its score is above the threshold, `(count,)`.

        Raises:
            ValueError: If nothing was measured yet.
        """
        if math.isnan(self.threshold):
            raise ValueError(
                "`AnomalyDetection` has no threshold yet. Train a model with this callback, or call "
                "`measure(model)`"
            )
        above: np.ndarray = self.scores(samples) > self.threshold
        return above

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        # What is wrong with the score shows before an epoch is trained.
        self.scores(cut(self._held_out.x, slice(0, 2)))
        self._has_begun = self._is_measured = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._is_measured = False

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        auroc = math.nan
        # Nothing improves on NaN. So the first value that others compare with must not be NaN.
        if (epoch + 1) % self.every_epochs == 0 or not self._has_begun:
            auroc = self.measure()
            self._has_begun = self._is_measured = True
        if logs is not None:
            logs[self.name] = auroc

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if not self._is_measured:
            self.measure()


class _HeldOut:
    """Samples and whether they are abnormal. A backup of the callback leaves this object out."""

    def __init__(self, x: Any, abnormal: Any) -> None:
        self.x = as_array(x)
        if not is_array(self.x) or count_of(self.x) == 0:
            raise ValueError(
                "Invalid value for argument `x`. Expected an array of samples. Received: x of type "
                f"{type(x).__name__}"
            )
        for each in self.x.values() if isinstance(self.x, Mapping) else [self.x]:
            check_array("x", each, None)
        given = np.asarray(as_array(abnormal, "abnormal"))
        if given.shape == (count_of(self.x), 1):
            given = given[:, 0]
        is_boolean = given.dtype == bool or (given.dtype.kind in "iu" and set(given.flat) <= {0, 1})
        if given.shape != (count_of(self.x),) or not is_boolean:
            raise ValueError(
                f"Invalid value for argument `abnormal`. Expected {counted(count_of(self.x), 'boolean')}, "
                f"one for each sample. Received: abnormal of shape {given.shape} and type {given.dtype}"
            )
        self.abnormal = given.astype(bool)
        if self.abnormal.all() or not self.abnormal.any():
            raise ValueError(
                "Invalid value for argument `abnormal`. Expected at least one normal and one abnormal "
                f"sample. Received: {counted(int(self.abnormal.sum()), 'abnormal sample')} of {len(given)}"
            )


def _score_function(model: Any, score: str | Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """Returns a function of a batch of samples."""
    if callable(score):
        return score
    name = score or next((each for each in _OWN if callable(getattr(model, each, None))), "")
    method = getattr(model, name, None) if name else None
    if not callable(method):
        kind, names = type(model).__name__, ", ".join(f"`{each}`" for each in _OWN)
        expected = (
            f"the name of a method of `{kind}`, or a function of samples that returns a number for each, "
            "high for abnormal ones"
        )
        if score is None:
            expected += f". Without one, the model needs a method of its own, one of {names}"
        raise invalid("score", score, expected)
    if isinstance(inspect.getattr_static(type(model), name, None), Use):
        # Without a seed it would draw one, and so change what the user's own data draw.
        method = functools.partial(method, seed=0)
    return functools.partial(_squared_error, method) if name == "reconstruct" else method


def _squared_error(reconstruct: Callable[[Any], Any], samples: Any) -> np.ndarray:
    """Returns the mean squared error of the reconstruction of each sample."""
    residual = np.asarray(samples, "float64") - ops.convert_to_numpy(reconstruct(samples))
    error: np.ndarray = np.square(residual).reshape(len(residual), -1).mean(axis=1)
    return error


def _area_under_curve(normal: np.ndarray, abnormal: np.ndarray) -> float:
    """Returns the share of pairs in which the abnormal score is higher. Equal scores count half.

    The pairs are counted in integers, so the area is exact.

    Example:

    >>> _area_under_curve(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    0.875
    """
    ordered = np.sort(normal)
    below, not_above = (
        int(np.searchsorted(ordered, abnormal, side).sum()) for side in ("left", "right")
    )
    return (below + not_above) / (2 * len(normal) * len(abnormal))


def _threshold(normal: np.ndarray, false_alarms: float) -> float:
    """Returns the lowest of the scores that at most a share of them exceeds.

    Example:

    >>> _threshold(np.array([3.0, 1.0, 2.0, 4.0]), 0.25)
    3.0
    """
    # 0.29 × 100 is a little less than 29 in binary numbers.
    allowed = math.floor(false_alarms * len(normal) + 1e-9)
    return float(np.sort(normal)[len(normal) - 1 - allowed])
