"""Compares generated samples with real ones and with each other: what is missing, copied or ignored."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from kerasgan.arguments import counted
from kerasgan.metrics import extractors
from kerasgan.metrics.neighbors import squared_distances

# Rows of training data at a time, so that distances take 16 MB at most.
_ROWS = 4096
# Real samples for the cells.
_REAL = 2048
# Fewer samples have no modes to speak of.
_FEWEST = 20


class Cells:
    """The real samples, divided into a few cells by k-means.

    Cells are added until the mean distance of samples to their cell's center is a tenth of the spread, or
    until there are `most` cells. Finer differences are a question of quality, not of modes.

    Args:
        samples: Array `(count, size)`.
        most: The largest number of cells. Defaults to 10.
        seed: The seed of the k-means.

    Example:

    >>> two = Cells(np.repeat([[0.0], [1.0]], 50, axis=0))
    >>> two.shares(np.array([[0.1], [0.2], [0.9], [5.0]])).tolist()
    [0.5, 0.5]
    """

    def __init__(self, samples: np.ndarray, most: int = 10, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        samples = samples.astype("float64")
        self.centers = samples.mean(axis=0, keepdims=True)
        nearest = self._squared(samples).min(axis=1)
        spread = np.sqrt(nearest).mean()
        while len(self.centers) < most and np.sqrt(nearest).mean() > 0.1 * spread:
            # A new center is drawn as in k-means++ (Arthur & Vassilvitskii 2007).
            new = samples[random.choice(len(samples), p=nearest / nearest.sum())]
            self.centers = np.concatenate([self.centers, new[None]])
            self._settle(samples)
            nearest = self._squared(samples).min(axis=1)
        self.real = self.shares(samples)

    def shares(self, samples: np.ndarray) -> np.ndarray:
        """Returns the share of the samples that lies in each cell."""
        cells = self._squared(samples).argmin(axis=1)
        return np.bincount(cells, minlength=len(self.centers)) / len(samples)

    def missed(self, shares: np.ndarray) -> float:
        """Returns the share of real samples in cells that have too few generated samples.

        Too few are less than a quarter of the cell's share of real samples.
        """
        return float(self.real[shares < self.real / 4].sum())

    def _settle(self, samples: np.ndarray) -> None:
        for _ in range(10):
            cells = self._squared(samples).argmin(axis=1)
            for cell in range(len(self.centers)):
                if np.any(cells == cell):
                    self.centers[cell] = samples[cells == cell].mean(axis=0)

    def _squared(self, samples: np.ndarray) -> np.ndarray:
        return np.concatenate(list(squared_distances(samples, self.centers)))


def moved(before: np.ndarray, after: np.ndarray) -> float:
    """Returns the least share of samples that must have changed cells: the distance in total variation."""
    return float(np.abs(after - before).sum() / 2)


class Copies:
    """The training samples, and how near to them another sample of their distribution usually lies.

    `held_out` samples show this. Without them, each training sample and the nearest other training sample
    show it. Both are distances of one draw to the nearest of other draws.

    Args:
        training: Array `(count, size)`.
        held_out: Array `(count, size)`, or `None`.
        seed: The seed of the choice of samples to compare.
    """

    def __init__(self, training: np.ndarray, held_out: np.ndarray | None, seed: int = 0) -> None:
        self.training = training
        random = np.random.default_rng(seed)
        others = training if held_out is None else held_out
        rows = random.permutation(len(others))[:512]
        self.usual = self._distances(others[rows], rows if held_out is None else None)
        # Yoon et al. 2023 call a sample memorized at a ratio of a third.
        self.near = float(np.median(self.usual)) / 3.0
        if self.near == 0.0 and held_out is not None:
            raise ValueError(
                "Invalid value for argument `held_out`. Expected samples that are not trained on. Received: "
                "held_out of which more than half of the samples are in `x`"
            )
        if self.near == 0.0:
            raise ValueError(
                "Invalid value for argument `x`. Expected samples that are mostly different, so that copies "
                "can be recognized. Received: x where more than half of the samples are the same as another"
            )

    def share(self, samples: np.ndarray) -> float:
        """Returns the share of samples that are near a training sample, less the usual share."""
        near = np.mean(self._distances(samples) < self.near)
        return float(near - np.mean(self.usual < self.near))

    def _distances(self, samples: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        nearest = np.full(len(samples), np.inf)
        for start in range(0, len(self.training), _ROWS):
            part = self.training[start : start + _ROWS]
            squared = np.concatenate(list(squared_distances(samples, part)))
            if own is not None:
                # A sample's distance to itself does not count.
                inside = np.flatnonzero((own >= start) & (own < start + len(part)))
                squared[inside, own[inside] - start] = np.inf
            nearest = np.minimum(nearest, squared.min(axis=1))
        return np.sqrt(nearest)


class SampleWatch:
    """Compares what a model generates with real samples.

    Args:
        x: Real samples that are trained on.
        condition: The condition of each, or `None`.
        held_out: Samples that are not trained on, or `None`.
        features: Turns a batch of samples into vectors; `None` for the samples themselves.
        count: How many samples a check generates.
        seed: The seed of all random draws.
    """

    def __init__(
        self, x: Any, condition: Any, held_out: Any, features: Any, count: int, seed: int
    ) -> None:
        x = _checked("x", x)
        self.shape = x.shape[1:]
        self.extract = extractors.get(features)
        self.count = count
        self.seed = seed
        random = np.random.default_rng(seed)
        self.condition: np.ndarray | None = None
        if condition is not None:
            conditions = ops.convert_to_numpy(condition)
            if conditions.ndim == 0 or len(conditions) != len(x):
                raise ValueError(
                    "Invalid value for argument `condition`. Expected "
                    f"{counted(len(x), 'condition')}, one for each "
                    f"sample. Received: condition of shape {conditions.shape}"
                )
            self.condition = conditions[random.integers(len(x), size=count)]
        training = self._vectors(x)
        if held_out is not None:
            held_out = _checked("held_out", held_out)
            if held_out.shape[1:] != self.shape:
                raise ValueError(
                    f"Invalid value for argument `held_out`. Expected samples of shape {self.shape}, as "
                    f"`x` has. Received: samples of shape {held_out.shape[1:]}"
                )
            held_out = self._vectors(held_out)
        self.cells = Cells(training[random.permutation(len(x))[:_REAL]], seed=seed)
        self.copies = Copies(training, held_out, seed)

    def check_model(self, model: Any) -> None:
        """Raises a `ValueError` unless the model generates samples like `x`."""
        conditional = bool(getattr(model, "conditional", False))
        if conditional != (self.condition is not None):
            raise ValueError(
                "Invalid value for argument `condition`. Expected "
                f"{'the conditions of `x`, as the model is conditional' if conditional else 'None'}"
                f". Received: {'None' if self.condition is None else 'conditions'}"
            )
        shape = self._generate(model, self.condition, 1).shape[1:]
        if shape != self.shape:
            raise ValueError(
                f"Invalid value for argument `x`. Expected samples of shape {shape}, which the "
                f"model generates. Received: samples of shape {self.shape}"
            )

    def check(self, model: Any) -> dict[str, Any]:
        """Returns the share of generated samples in each cell, the share missed, and the share of copies.

        Of a conditional model, also the effect of the condition, as in `_condition_effect`.
        """
        vectors = self._vectors(self._generate(model, self.condition))
        shares = self.cells.shares(vectors)
        return {
            "cells": shares.tolist(),
            "missed": self.cells.missed(shares),
            "copied": self.copies.share(vectors),
            **self._condition_effect(model, vectors),
        }

    def _condition_effect(self, model: Any, vectors: np.ndarray) -> dict[str, float]:
        """Returns how far another condition moves a sample, in units of the distance of two samples.

        Both are root mean squares. There is no effect to tell if all samples are equal, or all conditions.
        """
        if self.condition is None:
            return {}
        others = np.random.default_rng(self.seed).permutation(self.condition)
        differ = np.any((self.condition != others).reshape(self.count, -1), axis=1)
        distance = np.sqrt(2.0 * np.var(vectors, axis=0, dtype="float64").sum())
        if not differ.any() or distance == 0.0:
            return {}
        changed = self._vectors(self._generate(model, others))
        squared = np.square(changed[differ] - vectors[differ], dtype="float64").sum(axis=1)
        return {"condition_effect": float(np.sqrt(squared.mean()) / distance)}

    def _generate(
        self, model: Any, condition: np.ndarray | None, count: int | None = None
    ) -> np.ndarray:
        count = self.count if count is None else count
        given = {} if condition is None else {"condition": condition[:count]}
        return np.asarray(model.generate(count, seed=self.seed, **given), "float32")

    def _vectors(self, samples: Any) -> np.ndarray:
        parts = [
            ops.convert_to_numpy(self.extract(samples[start : start + 256]))
            for start in range(0, len(samples), 256)
        ]
        return np.concatenate(parts)


def _checked(name: str, samples: Any) -> np.ndarray:
    array = np.asarray(ops.convert_to_numpy(samples), "float32")
    if array.ndim < 2 or len(array) < _FEWEST or not np.isfinite(array).all():
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected an array of at least {_FEWEST} samples, all "
            f"finite. Received: {name} of shape {array.shape}"
        )
    return array
