"""Writes the page, the model and the curves of a run while it trains."""

from __future__ import annotations

import time
from typing import Any

import keras

from kerasgan.callbacks import Diagnosis
from kerasgan.command.curves import draw_curves, read_metrics
from kerasgan.command.findings import finding_text
from kerasgan.command.page import write_page
from kerasgan.command.progress import Clock
from kerasgan.command.run_folder import RunFolder
from kerasgan.command.settings import Settings

# Between two writes of the model and of the curves. They take longer than the page.
_SECONDS = 60.0


class RunWriter(keras.callbacks.Callback):
    """Keeps the page of a run, its model and its curves up to date.

    Args:
        run: The folder of the run.
        settings: The settings of the run.
        diagnosis: The callback whose findings the page shows.
    """

    reads_logs = False

    def __init__(self, run: RunFolder, settings: Settings, diagnosis: Diagnosis) -> None:
        super().__init__()
        self.seconds = 0.0
        self._run, self._settings, self._diagnosis = run, settings, diagnosis
        self._clock = Clock()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        if self._clock.started is None:
            write_page(self._run, self._settings)
            self._clock.started = time.monotonic()
            self._clock.next = time.monotonic() + _SECONDS
        self._start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes what has changed."""
        self.seconds += time.monotonic() - self._start
        if time.monotonic() >= self._clock.next:
            self.model.save(self._run.model)
            self.draw()
            self._clock.next = time.monotonic() + _SECONDS
        self._run.write_state(
            steps=(epoch + 1) * self._settings.steps_per_section,
            finished=False,
            seconds=self.seconds,
            findings=[finding_text(finding) for finding in self._diagnosis.findings],
        )
        write_page(self._run, self._settings)

    def draw(self) -> None:
        """Draws the curves."""
        metrics = read_metrics(self._run.metrics)
        if metrics:
            draw_curves(metrics, self._run.path / "curves.png", self._settings.steps_per_section)
