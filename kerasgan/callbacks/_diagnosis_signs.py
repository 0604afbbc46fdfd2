"""The signs that a game goes wrong: their thresholds, what is said of them, and what to try.

`docs/diagnosis.md` has the reasons for the thresholds, and how well they do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# A fiftieth of 1/2, which both are where real and generated samples are alike.
LOST = 0.01
# Two periods.
SWINGS = 4
# Half of the samples are in other cells than at the look before.
MOVED = 0.5
# Between what a plain GAN misses of a ring and of a grid (Lin et al. 2018: 0.21 and 0.31) and half.
MISSED = 0.4
# A quarter of the samples: sharp samples without a copy among them come to a tenth.
COPIED = 0.25
# Times the loss of the untrained game.
GROWTH = 1e4

_STEADIER = "lower learning rates for both players, Adam's beta_1 of 0.5 or 0, the penalty R1"
_CALMER = "lower learning rates, a penalty or weight clipping for the discriminator, clipnorm in optimizers"


@dataclass(frozen=True)
class Sign:
    """One way to see that a game goes wrong.

    Attributes:
        kind: What it is a sign of.
        measurement: The measurement it is about; without it there is no sign.
        seen: Tells, of all measurements of a look, whether the sign is there.
        evidence: What is said, a format string of the measurements.
        advice: What to try.
        at_once: Whether it counts at its first look, since the measurement is of several looks.
    """

    kind: str
    measurement: str
    seen: Callable[[Mapping[str, Any]], bool]
    evidence: str
    advice: str
    at_once: bool = False

    def __call__(self, measured: Mapping[str, Any]) -> bool:
        """Tells whether the sign is there."""
        return self.measurement in measured and bool(self.seen(measured))

    def line(self, epoch: int, measured: Mapping[str, Any]) -> str:
        """Returns the line to report."""
        title = self.kind.replace("_", " ")
        return f"Epoch {epoch}: {title}. {self.evidence.format(**measured)}. Try: {self.advice}."


SIGNS = (
    Sign(
        "discriminator_saturation",
        "discriminator_error",
        lambda measured: measured["discriminator_error"] < LOST,
        "The discriminator gives {discriminator_error:.1e} to what is wrong, 0.5 would be guessing",
        "the penalty R1, a lower learning rate or a smaller network for the discriminator",
    ),
    Sign(
        "vanishing_generator_signal",
        "generator_signal",
        lambda measured: measured["generator_signal"] < LOST > measured["generator_probability"],
        "At most {generator_signal:.1e} of the discriminator's gradient reaches the generator, as "
        "D(G(z)) is {generator_probability:.1e}",
        "loss='non_saturating', and a weaker discriminator",
    ),
    Sign(
        "vanishing_generator_signal",
        "generator_signal",
        lambda measured: (
            measured["generator_signal"] < LOST and measured["generator_probability"] > 1 - LOST
        ),
        "At most {generator_signal:.1e} of the discriminator's gradient reaches the generator, as "
        "D(G(z)) is {generator_probability:.3f}: the discriminator believes everything",
        "a higher learning rate, more steps or a larger network for the discriminator",
    ),
    Sign(
        "oscillation",
        "swings",
        lambda measured: measured["swings"] >= SWINGS,
        "D(G(z)) swung {swings} times between a quarter and three quarters",
        _STEADIER,
        at_once=True,
    ),
    Sign(
        "oscillation",
        "moved",
        lambda measured: measured["moved"] >= MOVED,
        "{moved:.0%} of the generated samples are elsewhere than at the last look",
        _STEADIER,
    ),
    Sign(
        "mode_collapse",
        "missed",
        lambda measured: measured["missed"] > MISSED,
        "{missed:.0%} of the real samples are where hardly a generated one is",
        "loss='relativistic' with the penalties R1 and R2, minibatch standard deviation, a lower "
        "learning rate for the generator",
    ),
    Sign(
        "memorization",
        "copied",
        # Where all samples are in one place, one of training samples may well be near it.
        lambda measured: measured["copied"] > COPIED and measured["missed"] <= MISSED,
        "{copied:.0%} of the generated samples are near copies of training samples",
        "more training samples or augmented ones, smaller networks, an earlier stop",
    ),
    Sign(
        "non_finite",
        "growth",
        lambda measured: GROWTH < measured["growth"] < math.inf,
        "The loss of the {growing} is {growth:.1e} times that of the untrained game, on its way to "
        "what is not finite",
        _CALMER,
        at_once=True,
    ),
    Sign(
        "non_finite",
        "growth",
        lambda measured: measured["growth"] == math.inf,
        "The loss of the {growing} is not finite",
        _CALMER,
        at_once=True,
    ),
)
