"""Whether a command is that of a run which is there already."""

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
    """Raises where an option says something else than the run does.

    Args:
        given: The options.
        start: The settings of `--settings`, or `None`.
        settings: Those of the run.
        output: The folder of the run.

    Raises:
        CommandError: If one does.
    """
    folder = str(Path(given.folder).resolve())
    if folder != settings.folder:
        raise CommandError(
            f"--output {output} is the run of another folder, {settings.folder}. Give another --output."
        )
    if start is not None and not _is_alike(start, settings):
        raise CommandError(
            f"--output {output} is a run with other settings than {given.settings}. Give another --output."
        )
    differences = []
    model = getattr(given, "from")
    if model is not None and (settings.start is None or not is_start(model, settings.start)):
        began = (
            "no model" if settings.start is None else f"another model, {settings.start['model']},"
        )
        differences.append(f"{began} for --from, not {model}")
    for name, value in _options(given).items():
        there = _of_run(settings, name)
        if value != there:
            shown = "another value" if there is None else str(there)
            differences.append(f"{shown} for --{name.replace('_', '-')}, not {value}")
    if differences:
        raise CommandError(
            f"--output {output} is a run with {'; '.join(differences)}. Leave this out to go on with the "
            "run, or give another --output."
        )


def extended_to(given: argparse.Namespace, settings: Settings) -> int:
    """Returns how many steps the run is to have: as many as before, or more where that is asked for.

    Raises:
        CommandError: If fewer are asked for.
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
            f"{option}: the run has {settings.steps:,} steps, and fewer were asked for. Leave the option out "
            "to go on with the run, or give another --output."
        )
    return wanted


def _options(given: argparse.Namespace) -> dict[str, Any]:
    """Returns the options that a run has to agree with; `extended_to` looks at its length."""
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
