"""The folder of a run, and the paths of its files."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasgan.command.errors import CommandError
from kerasgan.command.settings import FILE_NAME
from kerasgan.files import check_writable, replacing

if os.name == "posix":
    import fcntl

_LOCK = "lock"


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """The paths of a run.

    Args:
        path: The folder.
    """

    path: Path

    @property
    def settings(self) -> Path:
        """The file of settings."""
        return self.path / FILE_NAME

    @property
    def model(self) -> Path:
        """The file of the model."""
        return self.path / "model.keras"

    @property
    def start(self) -> Path:
        """The first model of a run that starts from another model."""
        return self.path / "start.keras"

    @property
    def samples(self) -> Path:
        """The folder of grids."""
        return self.path / "samples"

    @property
    def metrics(self) -> Path:
        """The table of metrics."""
        return self.path / "metrics.csv"

    @property
    def backup(self) -> Path:
        """The folder of the backup."""
        return self.path / "backup"

    @property
    def cache(self) -> Path:
        """The folder of decoded pictures."""
        return self.path / "cache"

    @property
    def exports(self) -> Path:
        """The folder of exports."""
        return self.path / "exports"

    @property
    def page(self) -> Path:
        """The page that shows the run."""
        return self.path / "index.html"

    def grids(self) -> list[Path]:
        """Returns the grids, in order."""
        return sorted(self.samples.glob("*.png"))

    def prepare(self) -> bool:
        """Makes the folder, and tells whether it already holds a run.

        Raises:
            CommandError: If the folder cannot be written to, or holds something other than a run.
        """
        if self.path.exists() and not self.path.is_dir():
            raise CommandError(f"--output {self.path} is a file. Give a folder for the run.")
        if self.settings.is_file():
            return True
        # A run that was killed before it wrote its settings leaves only these.
        if self.path.is_dir() and {each.name for each in self.path.iterdir()} - {
            self.cache.name,
            self.start.name,
            _LOCK,
        }:
            raise CommandError(
                f"--output {self.path} holds something other than a run. Give a new folder with --output."
            )
        try:
            check_writable(self.path)
        except OSError as error:
            raise CommandError(f"--output {self.path} cannot be written to: {error}") from error
        return False

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other processes from training the same run.

        Raises:
            CommandError: If another process is training the run.
        """
        with (self.path / _LOCK).open("w") as file:
            if os.name == "posix":
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    raise CommandError(
                        f"--output {self.path}: another process is training this run. Wait for it, or "
                        "give another --output."
                    ) from error
            yield

    def clear(self) -> None:
        """Removes what a run has written before its first step."""
        shutil.rmtree(self.cache, ignore_errors=True)
        self.start.unlink(missing_ok=True)
        (self.path / _LOCK).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # It holds other files.
            self.path.rmdir()

    def state(self) -> dict[str, Any]:
        """Returns how far the run is: steps, seconds, findings, and whether it is finished."""
        path = self.path / "state.json"
        try:
            state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {"steps": 0, "finished": False, "seconds": 0.0, "findings": []}
        return state

    def write_state(self, **values: Any) -> None:
        """Writes how far the run is. What is not given stays the same."""
        with replacing(self.path / "state.json") as temporary:
            temporary.write_text(json.dumps({**self.state(), **values}), encoding="utf-8")
