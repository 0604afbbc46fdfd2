"""What the values of single updates tell about a game. Every function is of one window of updates.

A window is what `updates_since` returns: dictionary of turn, to dictionary of quantity, to array.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

Window = Mapping[str, Mapping[str, np.ndarray]]


def extend(window: dict[str, dict[str, list[float]]], updates: Window) -> None:
    """Adds further updates to a window."""
    for turn, quantities in updates.items():
        lists = window.setdefault(turn, {})
        for name, values in quantities.items():
            lists.setdefault(name, []).extend(float(value) for value in values)


def arrays(window: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, dict[str, np.ndarray]]:
    """Returns the window with arrays in place of lists."""
    return {
        turn: {name: np.asarray(values) for name, values in quantities.items()}
        for turn, quantities in window.items()
    }


def rounds(window: Window) -> int:
    """Returns how many rounds were played: the updates of the turn that takes fewest."""
    counts = [len(values) for turn in window.values() for values in turn.values()]
    return min(counts, default=0)


def has_probabilities(window: Window) -> bool:
    """Tells whether the discriminator's judgments are probabilities: no critic's scores, no energies."""
    judgments = [
        window.get(turn, {}).get(f"{judged}_probability")
        for turn, judged in (
            ("discriminator", "real"),
            ("discriminator", "fake"),
            ("generator", "generator"),
        )
    ]
    return all(
        values is not None and len(values) and np.min(values) >= 0.0 and np.max(values) <= 1.0
        for values in judgments
    )


def discriminator_error(window: Window) -> float:
    """Returns the probability that the discriminator gives to the wrong answer, as a median over the updates.

    The best discriminator is `D = p / (p + q)`, where p and q are the densities of real and generated
    samples. Then `E_p[D] + E_q[D] = 1`, so `E_q[D]` is both the share of generated samples in this sum and
    what is missing for real ones. It is 1/2 if the samples are alike, and 0 if they are never confused. Label
    smoothing scales both terms and leaves the share. A discriminator that takes real samples for generated
    ones is counted as guessing.

    Example:

    >>> smoothed = {"real_probability": np.array([0.81]), "fake_probability": np.array([0.09])}
    >>> round(discriminator_error({"discriminator": smoothed}), 3)
    0.1
    """
    real = window["discriminator"]["real_probability"]
    fake = window["discriminator"]["fake_probability"]
    shares = fake / np.maximum(real + fake, 0.5)
    return float(np.median(np.where(real < 0.5, 0.5, shares)))


def generator_signal(window: Window) -> float:
    """Returns an upper bound for the share of the discriminator's gradient that reaches the generator.

    By the chain rule, that share is the derivative of the loss by the logit of D. For `-log D` it is `D - 1`,
    and for `log(1 - D)` it is `-D`. Since `1 - D <= -log D`, both are bounded by the loss itself: a loss near
    0 has no slope. Other losses may cross 0, so D has to be near 0 or 1, too. The result is the median over
    the updates.

    Example:

    >>> minimax = {"generator_loss": np.log([0.999]), "generator_probability": np.array([0.001])}
    >>> round(generator_signal({"generator": minimax}), 5)
    0.001
    """
    turn = window["generator"]
    probability = turn["generator_probability"]
    terms = [
        values
        for name, values in turn.items()
        if name.startswith("generator_") and name not in ("generator_loss", "generator_probability")
    ]
    loss = np.abs(turn["generator_loss"] - np.sum(terms, axis=0))
    return float(np.median(np.maximum(loss, np.minimum(probability, 1.0 - probability))))


def swings(values: np.ndarray, low: float = 0.25, high: float = 0.75) -> int:
    """Counts how often a probability went from below `low` to above `high`, or back.

    Noise around one bound is not counted, because a swing has to reach the other bound.

    Example:

    >>> swings(np.array([0.5, 0.1, 0.3, 0.2, 0.9, 0.7, 0.1]))
    2
    """
    sides = np.where(values <= low, -1, np.where(values >= high, 1, 0))
    return int(np.count_nonzero(np.diff(sides[sides != 0])))


def first_losses(window: Window) -> dict[str, float]:
    """Returns the size of each turn's first loss."""
    return {
        turn: abs(float(quantities[f"{turn}_loss"][0]))
        for turn, quantities in window.items()
        if len(quantities.get(f"{turn}_loss", ()))
    }


def growth(window: Window, first: Mapping[str, float]) -> tuple[float, str]:
    """Returns the largest loss divided by `1 +` the first loss of its turn, and the turn.

    The result is infinite for a loss that is not finite. The 1 is for losses that begin at 0.

    Example:

    >>> growth({"generator": {"generator_loss": np.array([2.0, -400.0])}}, {"generator": 1.0})
    (200.0, 'generator')
    """
    found = (0.0, "")
    for turn, scale in first.items():
        values = np.abs(window.get(turn, {}).get(f"{turn}_loss", np.zeros(0)))
        if values.size:
            finite = bool(np.isfinite(values).all())
            times = float(np.max(values)) / (1.0 + scale) if finite else math.inf
            # Where several are not finite, the turn that was played first.
            if times > found[0]:
                found = (times, turn)
    return found
