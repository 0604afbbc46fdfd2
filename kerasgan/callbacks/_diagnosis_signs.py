"""The signs that a game goes wrong: their thresholds, their messages, and what to try.

`docs/diagnosis.md` gives the reasons for the thresholds, and says how often they are right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# The discriminator's error and the generator's signal are 1/2 if samples are alike. This is a fiftieth of it.
LOST = 0.01
# Two whole periods.
SWINGS = 4
# Half of the samples are in other cells than at the check before.
MOVED = 0.5
# A plain GAN misses 0.21 of a ring and 0.31 of a grid (Lin et al. 2018). Half is collapse.
MISSED = 0.4
# A quarter of the samples. Sharp samples without copies reach a tenth.
COPIED = 0.25
# A tenth of the distance of two samples is a hundredth of their variance.
IGNORED = 0.1
# A loss is this many times the loss of the untrained game.
GROWTH = 1e4

_STEADIER = (
    "lower learning rates for both players, Adam with beta_1=0.5 or beta_1=0, or penalties=['r1']"
)
_CALMER = (
    "lower learning rates, clipnorm=1.0 in both optimizers, or a bounded discriminator (penalties=['r1'], or "
    "kerasgan.constraints.WeightClipping)"
)


@dataclass(frozen=True)
class Sign:
    """One way to see that a game goes wrong.

    Attributes:
        kind: The kind of failure.
        measurement: The measurement that the sign is about. Without it, there is no sign.
        seen: A function of all measurements of a check. It tells whether the sign is there.
        evidence: What was seen, with its figure: a format string of the measurements.
        meaning: What that means for the game.
        advice: What to try.
        at_once: Whether the sign counts at its first check, because its measurement is of several checks.
    """

    kind: str
    measurement: str
    seen: Callable[[Mapping[str, Any]], bool]
    evidence: str
    meaning: str
    advice: str
    at_once: bool = False

    def __call__(self, measured: Mapping[str, Any]) -> bool:
        """Tells whether the sign is there."""
        return self.measurement in measured and bool(self.seen(measured))

    def finding(self, epoch: int, measured: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what to keep in `Diagnosis.findings`."""
        return {
            "epoch": epoch,
            "kind": self.kind,
            "evidence": self.evidence.format(**measured),
            "meaning": self.meaning,
            "advice": self.advice,
        }


def line(finding: Mapping[str, Any]) -> str:
    """Returns the line that reports a finding."""
    title = finding["kind"].replace("_", " ")
    return (
        f"Epoch {finding['epoch']}: {title}. {finding['evidence']}. {finding['meaning']}. "
        f"Try: {finding['advice']}."
    )


SIGNS = (
    Sign(
        "discriminator_saturation",
        "discriminator_error",
        lambda measured: measured["discriminator_error"] < LOST,
        "The discriminator gives wrong answers a probability of only {discriminator_error:.1e} (guessing "
        "would be 0.5)",
        "It tells real and generated samples apart too easily, so the generator learns little",
        "penalties=['r1'] (or a larger weight), a lower learning rate for the discriminator, or a smaller "
        "discriminator",
    ),
    Sign(
        "vanishing_generator_signal",
        "generator_signal",
        lambda measured: measured["generator_signal"] < LOST > measured["generator_probability"],
        "At most {generator_signal:.1e} of the discriminator's gradient reaches the generator, and D(G(z)) "
        "is {generator_probability:.1e}",
        "The discriminator rejects every generated sample. The loss is flat there, so the generator hardly "
        "learns",
        "loss='non_saturating', penalties=['r1'], or a lower learning rate for the discriminator",
    ),
    Sign(
        "vanishing_generator_signal",
        "generator_signal",
        lambda measured: (
            measured["generator_signal"] < LOST and measured["generator_probability"] > 1 - LOST
        ),
        "At most {generator_signal:.1e} of the discriminator's gradient reaches the generator, and D(G(z)) "
        "is {generator_probability:.3f}",
        "The discriminator takes every generated sample for a real one, so the generator hardly learns",
        "a higher learning rate for the discriminator, a larger discriminator, or more discriminator_steps",
    ),
    Sign(
        "oscillation",
        "swings",
        lambda measured: measured["swings"] >= SWINGS,
        "D(G(z)) went {swings} times from below 0.25 to above 0.75 or back",
        "The two players chase each other and do not settle",
        _STEADIER,
        at_once=True,
    ),
    Sign(
        "oscillation",
        "moved",
        lambda measured: measured["moved"] >= MOVED,
        "At least {moved:.0%} of the generated samples lie in another part of the data than at the last "
        "check, for the same noise",
        "The generator jumps from place to place and does not settle",
        _STEADIER,
    ),
    Sign(
        "mode_collapse",
        "missed",
        lambda measured: measured["missed"] > MISSED,
        "{missed:.0%} of the real samples lie where the generator makes almost none",
        "The generator makes only some kinds of samples",
        "loss='relativistic' with penalties=['r1', 'r2'], a kerasgan.layers.MinibatchStandardDeviation near "
        "the end of the discriminator, or a lower learning rate for the generator",
    ),
    Sign(
        "memorization",
        "copied",
        # If all samples are in one place, a training sample may well be near it.
        lambda measured: measured["copied"] > COPIED and measured["missed"] <= MISSED,
        "{copied:.0%} of the generated samples lie closer to a training sample than real samples usually do",
        "The generator copies training samples",
        "more training samples, augmentation='diff_augment' for pictures, smaller networks, or fewer epochs",
    ),
    Sign(
        "ignored_condition",
        "condition_effect",
        lambda measured: measured["condition_effect"] < IGNORED,
        "For the same noise, another condition moves a sample by only {condition_effect:.1%} of the distance "
        "between two samples",
        "The generator ignores its condition",
        "labels that belong to their samples, a discriminator that compares both "
        "(kerasgan.layers.ProjectionHead), or a generator that sees the condition in every stage "
        "(kerasgan.layers.ConditionalBatchNormalization)",
    ),
    Sign(
        "non_finite",
        "growth",
        lambda measured: GROWTH < measured["growth"] < math.inf,
        "The loss of the {growing} is {growth:.1e} times as large as at the start",
        "The game diverges, and the loss will soon be infinite or NaN",
        _CALMER,
        at_once=True,
    ),
    Sign(
        "non_finite",
        "growth",
        lambda measured: measured["growth"] == math.inf,
        "The loss of the {growing} is infinite or NaN",
        "The game has diverged, and training ends here",
        _CALMER,
        at_once=True,
    ),
)
