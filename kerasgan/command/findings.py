"""What `kerasgan train` says if `Diagnosis` finds that something goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Options of the command in place of the arguments of `compile` that `Diagnosis` advises.
ADVICE = {
    "discriminator_saturation": "a larger --penalty, a lower --learning-rate, or --augment adaptive",
    "vanishing_generator_signal": "another --learning-rate or another --penalty",
    "oscillation": "a lower --learning-rate or a larger --penalty",
    "mode_collapse": "a lower --learning-rate, a larger --penalty, or --augment diff_augment",
    "memorization": "more pictures, --augment adaptive, fewer --filters, or fewer --steps",
    "ignored_condition": "classes that differ, more pictures of each class, or --conditional no",
    "non_finite": "a lower --learning-rate",
}


def finding_text(finding: Mapping[str, Any]) -> str:
    """Returns a finding of `Diagnosis`, with what to try in options of the command."""
    kind = finding["kind"]
    title = kind.replace("_", " ").capitalize()
    return (
        f"{title}. {finding['evidence']}. {finding['meaning']}. "
        f"Try another run (--output) with {ADVICE[kind]}."
    )
