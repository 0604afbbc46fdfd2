"""The line that shows how far a run is."""

from __future__ import annotations

import logging
import shutil
import sys
import textwrap
import time
from typing import Any

import keras

from kerasgan.command.findings import finding_text

# Between two lines if a line cannot be overwritten, as in a file.
_SECONDS_BETWEEN_LINES = 60.0
_SECONDS_BETWEEN_LOOKS = 0.5


class Progress(keras.callbacks.Callback):
    """Writes one short line: the step, the scores, the losses and the time left.

    Args:
        steps: How many steps the run has.
        steps_per_section: How many steps a section has. A section is an epoch of Keras.
        seconds_per_step: The time of a step, if it was measured before the run. Defaults to `None`.
    """

    # Within a section it shows only the number of the step, which Keras counts.
    reads_logs = False
    listens_to_batches = False

    def __init__(
        self, steps: int, steps_per_section: int, seconds_per_step: float | None = None
    ) -> None:
        super().__init__()
        self.steps = steps
        self.steps_per_section = steps_per_section
        self.line = Line()
        self._seconds_per_step = seconds_per_step
        self._clock = Clock()
        self._done = 0
        self._values = ""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Notes where a section begins."""
        self._done = epoch * self.steps_per_section

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Shows the step, now and then."""
        if self.line.can_rewrite and time.monotonic() >= self._clock.next:
            self._show(self._done + batch + 1)
            self._clock.next = time.monotonic() + _SECONDS_BETWEEN_LOOKS

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Shows the values of the section."""
        self._values = values_of({name: float(value) for name, value in (logs or {}).items()})
        done = (epoch + 1) * self.steps_per_section
        if self._clock.started is None:
            # The first section also builds graphs, so it takes longer than the others.
            self._clock.started, self._clock.first = time.monotonic(), done
        if self.line.can_rewrite or time.monotonic() >= self._clock.next or done >= self.steps:
            self._show(done)
            self._clock.next = time.monotonic() + (
                _SECONDS_BETWEEN_LOOKS if self.line.can_rewrite else _SECONDS_BETWEEN_LINES
            )

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Ends the line."""
        self.line.end()

    def _show(self, done: int) -> None:
        rate = self._seconds_per_step
        started, first = self._clock.started, self._clock.first
        if started is not None and done > first:
            rate = (time.monotonic() - started) / (done - first)
        left = "" if rate is None else f"{duration(rate * (self.steps - done))} left"
        parts = [f"step {done:,}/{self.steps:,}", self._values, left]
        self.line.write("  ".join(part for part in parts if part))


class Clock:
    """The times that a callback keeps for this process. A backup does not save them."""

    def __init__(self) -> None:
        self.started: float | None = None
        self.first = 0
        self.next = 0.0


class Line:
    """One line of a terminal that is overwritten again and again. Messages appear above it."""

    def __init__(self) -> None:
        self._stream = sys.stdout
        self.can_rewrite = self._stream.isatty()
        self._shown = ""

    @property
    def width(self) -> int:
        """The number of characters of a line."""
        return min(80, shutil.get_terminal_size((80, 24)).columns) - 1

    def write(self, text: str) -> None:
        """Overwrites the line. If that is not possible, writes another line."""
        text = text[: self.width]
        if self.can_rewrite:
            self._stream.write(f"\r{text.ljust(len(self._shown))}")
            self._shown = text
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """Writes a message that stays, in lines that do not wrap."""
        self.end()
        self._stream.write(textwrap.fill(text, self.width, subsequent_indent="  ") + "\n")
        self._stream.flush()

    def end(self) -> None:
        """Goes to the next line."""
        if self._shown:
            self._stream.write("\n")
            self._shown = ""
            self._stream.flush()


class Warnings(logging.Handler):
    """Shows the warnings of the package above the line of progress.

    Args:
        line: The line of progress.
    """

    def __init__(self, line: Line) -> None:
        super().__init__(logging.WARNING)
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        """Shows a warning. A finding of `Diagnosis` advises options of the command."""
        finding = getattr(record, "finding", None)
        self._line.say(f"! {finding_text(finding) if finding else record.getMessage()}")


def values_of(logs: dict[str, float]) -> str:
    """Returns the scores and losses of a section in short form.

    Example:

    >>> values_of({"real_probability": 1.5, "fake_probability": -0.25, "generator_loss": 0.7})
    'real 1.50 fake -0.25  G 0.70'
    """
    names = {
        "real": ("real_probability", "real_score"),
        "fake": ("fake_probability", "fake_score"),
        "D": ("discriminator_loss",),
        "G": ("generator_loss",),
    }
    shown = {
        short: f"{short} {logs[name]:.2f}"
        for short, candidates in names.items()
        for name in candidates
        if name in logs
    }
    pairs = [("real", "fake"), ("D", "G")]
    return "  ".join(
        " ".join(shown[name] for name in pair if name in shown)
        for pair in pairs
        if any(name in shown for name in pair)
    )


def duration(seconds: float) -> str:
    """Returns a time in seconds, minutes, or hours and minutes.

    Example:

    >>> duration(42.0), duration(200.0), duration(7_500.0)
    ('42 s', '3 min', '2 h 5 min')
    """
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
