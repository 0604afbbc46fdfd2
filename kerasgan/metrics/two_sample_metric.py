from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import check_resolution, counted, positive_integer
from kerasgan.backend import gather_rows, number_of_replicas
from kerasgan.metrics import extractors
from kerasgan.metrics.collectors import Collector
from kerasgan.metrics.gathered_checks import check_count, check_finite, warn_of_left_out
from kerasgan.metrics.provenance import sample_counts, versions
from kerasgan.metrics.statistics_file import digest, read_statistics, write_statistics


class TwoSampleMetric(keras.metrics.Metric):
    """A metric of real and generated samples, for `compile(metrics=[...])` of any model of this package.

    `update_state(real, fake)` runs in the compiled steps of an evaluation, and only gathers features there.
    `result` computes the values after the last batch, in NumPy and float64. It is NaN in a compiled step, and
    if nothing was gathered.

    A subclass writes `collector` and `compute`, and names its values in `quantities`.

    Args:
        features: What turns samples into vectors: a `keras.Model`, a function of a batch, or what
            `inception_v3` and `classifier_features` return. Defaults to `None`, the samples themselves as
            vectors.
        real_statistics: A file that `precompute` wrote, which replaces an evaluation's real samples. Defaults
            to `None`.
        name: The metric's name in logs. If the metric has several values, it is a prefix for their names.
            Defaults to `None`: the name of the class, and no prefix.

    Raises:
        FileNotFoundError: If there is no such file of statistics.
        ValueError: If the file belongs to another metric or to other settings.
    """

    default_name = "two_sample_metric"
    # The values by name, with the way they improve: "up", "down", or "" where neither is better.
    quantities: tuple[tuple[str, str], ...] = ()
    # Which sides are looked at.
    sides: tuple[str, ...] = ("real", "fake")
    # Raised where what `prepare` returns comes to mean something else.
    statistics_version = 1

    def __init__(
        self, features: Any = None, real_statistics: Any = None, name: str | None = None
    ) -> None:
        super().__init__(name=name or self.default_name, dtype="float64")
        self.features = extractors.get(features)
        self.real_statistics: str | None = None
        self._gathered: dict[str, Collector] = {}
        self._reference: dict[str, np.ndarray] | None = None
        self._counts: dict[str, int] = {}
        if len(self.quantities) == 1:
            self._direction = self.quantities[0][1]
        if real_statistics is not None:
            self._use(real_statistics, read_statistics(real_statistics, self._identity()))

    # What a metric is made of.

    @abstractmethod
    def collector(self, size: int, dtype: str) -> Collector:
        """Returns a collector of vectors of `size` features, whose `dtype` is `"float32"` or `"float64"`."""

    def fewest(self, side: str, size: int) -> tuple[int, str]:
        """Returns the fewest samples of a side that the values need, as a number and in words."""
        return 1, "a sample"

    def prepare(self, real: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns what was gathered of the real samples, and all that can be computed from it beforehand."""
        return real

    @abstractmethod
    def compute(
        self, real: dict[str, np.ndarray], fake: dict[str, np.ndarray]
    ) -> tuple[float, ...]:
        """Computes the values from what was gathered of each side, in the order of `quantities`.

        Raises:
            ValueError: If there are too few samples, or features are not finite.
        """

    def settings(self) -> dict[str, Any]:
        """Returns the arguments that only this class has."""
        return {}

    def build(self, shape: Sequence[int]) -> None:
        """Makes room for the features of samples of a shape.

        On several replicas, call it within the strategy's scope. Otherwise you need not call it: the first
        samples do the same.

        Args:
            shape: The shape of one sample.
        """
        features = self.features(ops.zeros((1, *shape), keras.config.floatx()))
        for side in self.sides:
            if side == "real" and self._reference is not None:
                continue
            if side not in self._gathered:
                self._gathered[side] = self._collector(features)

    # What Keras asks of a metric.

    def update_state(self, real: Any, fake: Any) -> None:
        """Gathers the features of a batch.

        Args:
            real: Real samples, `(rows, ...)`.
            fake: Generated samples.

        Raises:
            ValueError: If the two sides have different numbers of features.
        """
        if "real" in self.sides and self._reference is None:
            self._gather("real", real)
        self._gather("fake", fake)

    def _gather(self, side: str, samples: Any) -> None:
        features = self.features(samples)
        size = int(features.shape[1])
        others = {other: kept.size for other, kept in self._gathered.items()}
        if self._reference is not None:
            others["real"] = int(self._reference["size"])
        for other, expected in others.items():
            if size != expected:
                raise ValueError(
                    f"Invalid value for argument `{side}`. Expected {counted(expected, 'feature')} of "
                    f"each sample, as of the {other} ones so far. Received: {size}"
                )
        if side not in self._gathered:
            if number_of_replicas() > 1:
                raise ValueError(
                    f"Invalid state of `{self.name}`. Expected `build(shape)` of the metric, within the "
                    "strategy's scope, before several replicas use it. Received: samples"
                )
            self._gathered[side] = self._collector(features)
        # To gather makes the sizes unknown to a compiled step.
        self._gathered[side].update(ops.reshape(gather_rows(features), (-1, size)))

    def _collector(self, features: Any) -> Collector:
        is_double = keras.backend.standardize_dtype(features.dtype) == "float64"
        return self.collector(int(features.shape[1]), "float64" if is_double else "float32")

    def check_count(self, rows: int, argument: str = "x") -> None:
        """Raises an error before an evaluation begins, if it is known to have too few samples.

        Args:
            rows: The largest number of samples that the evaluation has. It generates as many.
            argument: The name of the argument that they come from. Defaults to `"x"`.

        Raises:
            ValueError: If the values need more samples.
        """
        sizes = [kept.size for kept in self._gathered.values()]
        if self._reference is not None:
            sizes.append(int(self._reference["size"]))
        for side in self.sides if sizes else ():
            if side == "fake" or self._reference is None:
                found = f"at most {rows} samples"
                check_count(self.name, argument, rows, found, self.fewest(side, sizes[0]))

    def result(self) -> Any:
        """Returns the value, or a dictionary of several.

        Raises:
            ValueError: If there are too few samples, or features are not finite.
        """
        fake = self._gathered.get("fake")
        if fake is None or not fake.known_count:
            return self.placeholder()
        gathered = {side: kept.read() for side, kept in self._gathered.items()}
        if self._reference is not None:
            gathered["real"] = self._reference
        elif "real" in self.sides:
            gathered["real"] = self.prepare(self._checked("real", gathered["real"], fake.size))
        found = self._checked("fake", gathered["fake"], fake.size)
        values = self.compute(gathered.get("real", {}), found)
        self._counts = sample_counts(gathered)
        return self._named(values)

    def placeholder(self) -> Any:
        """Returns NaN for every value, which is logged until the evaluation has ended."""
        return self._named((np.nan,) * len(self.quantities))

    def _named(self, values: tuple[float, ...]) -> Any:
        tensors = [ops.convert_to_tensor(value, dtype="float64") for value in values]
        if len(tensors) == 1:
            return tensors[0]
        return dict(zip(self.directions, tensors, strict=True))

    @property
    def directions(self) -> dict[str, str]:
        """The names of the logged values, and the direction in which each improves: "up", "down" or ""."""
        if len(self.quantities) == 1:
            return {self.name: self._direction}
        prefix = "" if self.name == self.default_name else f"{self.name}_"
        return {f"{prefix}{name}": direction for name, direction in self.quantities}

    def reset_state(self) -> None:
        """Forgets all samples, but keeps statistics from `precompute`."""
        for gathered in self._gathered.values():
            gathered.reset()

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal metric."""
        return {
            **self.settings(),
            "features": keras.saving.serialize_keras_object(self.features),
            "real_statistics": self.real_statistics,
            "name": self.name,
        }

    # Statistics of the real samples, computed once.

    def precompute(
        self, x: Any, cache: str | os.PathLike[str], batch_size: int = 256
    ) -> dict[str, Any]:
        """Computes the statistics of the real samples once, for all later evaluations.

        Evaluations then ignore their own real samples. The metric's configuration names the file, so a saved
        model finds it again. If the file exists already, it is read. It must then belong to the same samples,
        the same extractor and the same settings.

        Args:
            x: Real samples, an array.
            cache: The `.npz` file to write, or to read.
            batch_size: How many samples to extract features of at a time. Defaults to 256.

        Returns:
            A dictionary that describes what the statistics depend on, and the versions.

        Raises:
            ValueError: If the file exists and belongs to something else, or there are too few samples.
            TypeError: If the metric does not look at real samples.
        """
        if "real" not in self.sides:
            raise TypeError(f"`{type(self).__name__}` looks at generated samples alone.")
        batch_size = positive_integer("batch_size", batch_size)
        x = np.asarray(x)
        check_resolution("x", x)
        identity = {**self._identity(), "data_sha256": digest(x)}
        if not Path(cache).exists():
            gathered: Collector | None = None
            for start in range(0, len(x), batch_size):
                # Cast as a model casts what it evaluates on.
                part = ops.cast(x[start : start + batch_size], keras.config.floatx())
                features = self.features(part)
                gathered = gathered or self._collector(features)
                gathered.update(features)
            if gathered is None:
                raise ValueError("Invalid value for argument `x`. Expected samples. Received: none")
            real = self.prepare(self._checked("real", gathered.read(), gathered.size))
            write_statistics(cache, {**real, "size": np.asarray(gathered.size)}, identity)
        described = {**identity, "versions": versions()}
        self._use(cache, read_statistics(cache, identity))
        return described

    def _use(self, path: Any, statistics: dict[str, np.ndarray]) -> None:
        self.real_statistics = str(path)
        self._reference = statistics
        self._gathered.pop("real", None)

    def _identity(self) -> dict[str, Any]:
        """What statistics of real samples depend on, the samples aside."""
        later = {"statistics_version": self.statistics_version}
        return {
            "metric": type(self).__name__,
            "settings": self.settings(),
            "extractor": self.features.description(),
            **(later if self.statistics_version > 1 else {}),
        }

    def _checked(
        self, side: str, gathered: dict[str, np.ndarray], size: int
    ) -> dict[str, np.ndarray]:
        """Returns what was gathered, or raises; warns of samples that were left out."""
        check_finite(side, gathered)
        count = int(gathered["count"])
        check_count(self.name, side, count, f"{count} samples", self.fewest(side, size))
        warn_of_left_out(self.name, side, gathered)
        return gathered

    def provenance(self) -> dict[str, Any]:
        """Returns what you need to reproduce the last result."""
        return {
            **self._identity(),
            "name": self.name,
            **self._counts,
            "real_statistics": self.real_statistics,
            "versions": versions(),
        }
