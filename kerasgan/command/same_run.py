"""Checks whether a command belongs to a run that already exists."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kerasgan.command.errors import CommandError
from kerasgan.command.settings import Settings
from kerasgan.command.start import is_start
from kerasgan.command.train_options import given_options


def check_same(
    given: argparse.Namespace, start: Settings | None, settings: Settings, output: Path
) -> None:
    """Raises if an option differs from the run.

    Args:
        given: The options.
        start: The settings of `--settings`, or `None`.
        settings: The settings of the run.
        output: The folder of the run.

    Raises:
        CommandError: If an option differs.
    """
    folder = str(Path(given.folder).resolve())
    if folder != settings.folder:
        raise CommandError(
            f"--output {output} is a run of another folder, {settings.folder}. Give another --output."
        )
    if start is not None and not _is_alike(start, settings):
        raise CommandError(
            f"The settings of the run in --output {output} differ from {given.settings}. Give another "
            "--output."
        )
    differences = []
    model = getattr(given, "from")
    if model is not None and (settings.start is None or not is_start(model, settings.start)):
        differences.append(_difference("from", settings.start and settings.start["model"], model))
    for name, value in _options(given).items():
        there = _of_run(settings, name)
        if value != there:
            differences.append(_difference(name, there, value))
    if differences:
        raise CommandError(
            f"--output {output} is a run with {'; '.join(differences)}. To go on with this run, leave these "
            "options out. To begin another run, give another --output."
        )


def _difference(name: str, of_run: Any, given: Any) -> str:
    option = f"--{name.replace('_', '-')}"
    has = f"no {option}" if of_run is None else f"{option} {_shown(name, of_run)}"
    return f"{has}, not {_shown(name, given)}"


def _shown(name: str, value: Any) -> str:
    """Returns a value as it is written on the command line."""
    if isinstance(value, list | tuple):
        return ("x" if name == "size" else " ").join(f"{number:g}" for number in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def extended_to(given: argparse.Namespace, settings: Settings) -> int:
    """Returns how many steps the run will have: as many as before, or as many more as the options ask for.

    Raises:
        CommandError: If the options ask for fewer steps.
    """
    steps = given.steps
    if given.epochs:
        steps = max(1, given.epochs * settings.pictures // settings.batch_size)
    if steps is None:
        return settings.steps
    section = settings.steps_per_section
    wanted: int = -(-steps // section) * section
    if wanted < settings.steps:
        option = "--steps" if given.steps else "--epochs"
        raise CommandError(
            f"{option} asks for fewer steps than the {settings.steps:,} of the run. To go on with the run, "
            "leave the option out. To begin another run, give another --output."
        )
    return wanted


def _options(given: argparse.Namespace) -> dict[str, Any]:
    """Returns the options that must agree with the run. `extended_to` checks its length."""
    by_itself = {"augment": "auto", "conditional": "auto"}
    return {
        name: value
        for name, value in given_options(given).items()
        if name not in ("steps", "epochs", "from") and by_itself.get(name) != value
    }


def _of_run(settings: Settings, name: str) -> Any:
    if name == "augment":
        return settings.augmentation
    if name == "conditional":
        return "no" if settings.class_names is None else "yes"
    return getattr(settings, name, settings.reading.get(name))


def _is_alike(start: Settings, settings: Settings) -> bool:
    loose = {"seconds_per_step", "normalization", "pictures", "export", "steps"}
    first, second = vars(start), vars(settings)
    return all(first[name] == second[name] for name in first if name not in loose)
