"""Sine waves as sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasgan.arguments import (
    non_negative_number,
    number,
    one_of,
    positive_integer,
    positive_number,
)
from kerasgan.datasets import normalization as normalizations
from kerasgan.datasets._arrays import finite_array
from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.normalization import MinMax, Normalization


def sine_wave(
    length: int = 30,
    amplitude: float = 0.5,
    frequency: float = 440.0,
    sampling_rate: float = 8000.0,
    phase: Any = 0.0,
) -> np.ndarray:
    """Returns the clean wave `amplitude * sin(2 pi * frequency * t / sampling_rate + phase)`.

    Args:
        length: Number of steps `t`, from 0. Defaults to `30`.
        amplitude: Height of the crests. Defaults to `0.5`.
        frequency: Crests in a second. Defaults to `440.0`.
        sampling_rate: Steps in a second. Defaults to `8000.0`, so that 30 steps hold 1.65 waves.
        phase: A number in radians, or an array of them for as many waves. Defaults to `0.0`.

    Returns:
        float32 array with the shape of `phase`, plus a last axis of `length` steps.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> sine_wave(length=4, amplitude=2.0, frequency=1.0, sampling_rate=4.0).round(3)
    array([ 0.,  2.,  0., -2.], dtype=float32)
    """
    steps = np.arange(positive_integer("length", length))
    amplitude = number("amplitude", amplitude)
    step = number("frequency", frequency) / positive_number("sampling_rate", sampling_rate)
    phase = finite_array("phase", phase).astype(np.float64)
    return (amplitude * np.sin(2 * np.pi * step * steps + phase[..., None])).astype(np.float32)


def sine_waves(
    count: int = 10_000,
    length: int = 30,
    dimensions: int = 1,
    amplitude: float = 0.5,
    frequency: float = 440.0,
    sampling_rate: float = 8000.0,
    phase: str = "random",
    noise_stddev: float = 0.0,
    normalization: str | Normalization | None = None,
    seed: int | None = 0,
) -> Dataset:
    """Returns sequences that show a sine wave, with normal noise on every value.

    The phases do not depend on the noise: the same seed with `noise_stddev=0` gives the clean waves
    of the noisy ones.

    Args:
        count: Number of sequences. Defaults to `10000`.
        length: Steps in a sequence. Defaults to `30`.
        dimensions: Values at each step, any positive integer. Defaults to `1`.
        amplitude: As in `sine_wave`. Defaults to `0.5`.
        frequency: As in `sine_wave`. Defaults to `440.0`.
        sampling_rate: As in `sine_wave`. Defaults to `8000.0`.
        phase: `"fixed"`: every wave starts at 0. `"random"`: each sequence starts at a random place in
            the wave, the same for all its dimensions. `"independent"`: each dimension of each
            sequence starts at a random place of its own. Defaults to `"random"`.
        noise_stddev: Standard deviation of the noise. Defaults to `0.0`.
        normalization: `"tanh"`, `"min_max"`, `"z_score"`, a `Normalization`, or `None` for the
            waves as they are. Defaults to `None`.
        seed: Seed of phases and noise, or `None` for new ones each time. Defaults to `0`.

    Returns:
        A `Dataset` with `x` of shape `(count, length, dimensions)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> data = sine_waves(count=100, dimensions=5, phase="fixed", noise_stddev=0.1)
    >>> data
    Dataset(name='sine_waves', x=(100, 30, 5))
    >>> bool(np.allclose(data.x.mean(axis=(0, 2)), sine_wave(), atol=0.02))
    True
    """
    count = positive_integer("count", count)
    dimensions = positive_integer("dimensions", dimensions)
    one_of("phase", phase, ["fixed", "random", "independent"])
    noise_stddev = non_negative_number("noise_stddev", noise_stddev)
    phases = np.zeros((1, 1))
    rng = np.random.default_rng(seed)
    if phase != "fixed":
        phases = rng.uniform(0, 2 * np.pi, (count, 1 if phase == "random" else dimensions))
    waves = sine_wave(length, amplitude, frequency, sampling_rate, phases).swapaxes(1, 2)
    x = np.broadcast_to(waves, (count, length, dimensions)).copy()
    if noise_stddev:
        x += np.float32(noise_stddev) * rng.standard_normal(x.shape, dtype=np.float32)
    chosen = None
    if normalization is not None:
        chosen = normalizations.get(normalization)
        if not chosen.is_fitted:
            chosen.fit(x)
        x = chosen(x)
    return Dataset(x=x, normalization=chosen, name="sine_waves")


def timegan_sines(
    count: int = 10_000, length: int = 24, dimensions: int = 5, seed: int | None = 0
) -> Dataset:
    """Returns the sines on which generators of time series are compared.

    Each dimension of each sequence is `sin(f t + p)` for `t = 0, 1, …`, mapped to [0, 1]. It has its
    own `f` and `p`, which are uniform in [0, 0.1].

    Reference: [Yoon et al., 2019](https://papers.nips.cc/paper/8789), section 5.

    Args:
        count: Number of sequences. Defaults to `10000`.
        length: Steps in a sequence. Defaults to `24`.
        dimensions: Values at each step. Defaults to `5`.
        seed: Seed of the draws, or `None` for new ones each time. Defaults to `0`.

    Returns:
        A `Dataset` with `x` of shape `(count, length, dimensions)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> timegan_sines(count=100)
    Dataset(name='timegan_sines', x=(100, 24, 5), normalization=MinMax(low=-1.0, high=1.0))
    """
    count = positive_integer("count", count)
    length = positive_integer("length", length)
    dimensions = positive_integer("dimensions", dimensions)
    speed, phase = np.random.default_rng(seed).uniform(0, 0.1, (2, count, 1, dimensions))
    waves = np.sin(speed * np.arange(length)[:, None] + phase)
    normalization = MinMax(-1.0, 1.0)
    return Dataset(x=normalization(waves), normalization=normalization, name="timegan_sines")
