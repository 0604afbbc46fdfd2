"""`kerasgan train`: trains a generator on a folder of pictures."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasgan.callbacks import BackupAndRestore, Diagnosis, SampleGrid
from kerasgan.command.choice import check_size, choose, described, plan
from kerasgan.command.csv_logger import CSVLogger
from kerasgan.command.errors import CommandError
from kerasgan.command.export import FORMATS, check_formats, write
from kerasgan.command.films import write_development, write_interpolation
from kerasgan.command.game import make_game
from kerasgan.command.page import write_page
from kerasgan.command.pictures import batches, look, number_of_pictures, opened
from kerasgan.command.progress import Progress, Warnings, duration
from kerasgan.command.run_folder import RunFolder
from kerasgan.command.run_writer import RunWriter
from kerasgan.command.same_run import check_same, extended_to
from kerasgan.command.settings import Settings
from kerasgan.command.start import Start, load_start
from kerasgan.command.train_options import add_options, given_options
from kerasgan.datasets import ImageFolderReport, ImageStream
from kerasgan.extras import advice, is_installed

_INTERRUPTED = 130
_MEASURED_STEPS = 5
# A run of at most this many steps is over before its time could be measured.
_SHORT = 10
_WATCHED = 1_000
_EPILOG = """\
Stop with Ctrl-C. The same command goes on where the run was, also after a kill.
"""


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "train",
        help="train a generator on a folder of pictures",
        description="Trains a generator on a folder of pictures. You need no option: the command looks at\n"
        "the pictures and chooses what suits them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "folder", type=Path, nargs="?", metavar="FOLDER", help="the folder of pictures"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="RUN",
        help="the folder of the run (default: FOLDER-run in the current folder)",
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="the settings.json of a run: start the same run again, in another --output",
    )
    add_options(parser)
    parser.add_argument(
        "--export",
        action="append",
        choices=list(FORMATS),
        help="export the model when the run is finished. Repeat the option for several formats",
    )


def run(given: argparse.Namespace) -> int:
    """Trains."""
    start = _start_settings(given)
    output = given.output or Path(f"{Path(given.folder).resolve().name}-run")
    folder = RunFolder(output)
    check_formats(given.export or [], "--export")
    if given.size:
        check_size(given.size)
    report = source = None
    if not folder.settings.is_file():
        report = look(
            given.folder,
            given.on_error or _reading(start, "on_error", "raise"),
            given.max_pixels or _reading(start, "max_pixels", None),
        )
        source = _source(given, start)
    is_old = folder.prepare()
    with folder.alone():
        if is_old:
            settings = Settings.read(folder.settings)
            check_same(given, start, settings, output)
            steps = extended_to(given, settings)
            if folder.state()["finished"] and steps == settings.steps:
                sys.stdout.write(_finished_already(folder, settings, given.export or []))
                return 0
            settings.steps = steps
            settings.export = list(dict.fromkeys([*settings.export, *(given.export or [])]))
            stream = opened(settings, folder.cache)
            settings.write(folder.settings)
            folder.write_state(finished=False)
            done = folder.state()["steps"]
            sys.stdout.write(f"The run in {output} goes on at step {done:,} of {steps:,}.\n")
        else:
            try:
                settings = start or choose(given, report, source)  # type: ignore[arg-type]
                stream = _begin(given, settings, report, source, folder, is_chosen=start is None)
            except BaseException:
                folder.clear()
                raise
        del source  # The run has a copy of its weights.
        return _train(settings, stream, folder)


def _start_settings(given: argparse.Namespace) -> Settings | None:
    """Returns the settings of the file in `--settings`, or `None`."""
    if given.settings is None:
        if given.folder is None:
            raise CommandError("FOLDER is missing: give a folder of pictures.")
        return None
    settings = Settings.read(given.settings)
    if given.folder is None:
        given.folder = Path(settings.folder)
    options = given_options(given)
    if options:
        name = next(iter(options)).replace("_", "-")
        raise CommandError(
            f"--settings and --{name} cannot go together, because the file has all options. Change the file."
        )
    settings.folder = str(given.folder.resolve())
    return settings


def _source(given: argparse.Namespace, settings: Settings | None) -> Start | None:
    """Returns the model that `--from` or the file in `--settings` names, or `None`."""
    if settings is None:
        path = getattr(given, "from")
        return None if path is None else load_start(path)
    if settings.start is None:
        return None
    source = load_start(Path(settings.start["model"]))
    if source.fingerprint != settings.start["fingerprint"]:
        raise CommandError(
            f"--settings {given.settings} starts from {source.path}, which is another model now. Give --from "
            "and the other options instead of --settings."
        )
    return source


def _reading(settings: Settings | None, name: str, default: Any) -> Any:
    return default if settings is None else settings.reading.get(name, default)


def _begin(
    given: argparse.Namespace,
    settings: Settings,
    report: ImageFolderReport | None,
    source: Start | None,
    folder: RunFolder,
    is_chosen: bool,
) -> ImageStream:
    """Prints what was found and chosen, measures the time of a step, and writes the settings."""
    if source is not None:
        source.check(settings)
    if report is not None:
        sys.stdout.write(described(settings, report, folder.path))
        sys.stdout.flush()
    stream = opened(settings, folder.cache)
    settings.pictures = len(stream)
    if settings.class_names is not None:
        # Classes without a readable picture are left out.
        settings.class_names = list(stream.class_names or ())
    if source is not None:
        source.check(settings)
        source.write(folder.start, settings.seed)
    settings.export = list(given.export or settings.export)
    measured = settings.steps == 0 or settings.steps > _SHORT
    if measured:
        settings.seconds_per_step = _seconds_per_step(settings, stream, folder)
    if is_chosen:
        wanted = 60 * (settings.minutes or 0) / (settings.seconds_per_step or 1)
        plan(settings, settings.steps or max(1, round(wanted)))
    if measured:
        seconds = settings.seconds_per_step or 0.0
        sys.stdout.write(
            f"{'Time':<9}about {duration(settings.steps * seconds)}: {settings.steps:,} steps of "
            f"{settings.batch_size} pictures, {seconds:.2g} s each\n"
        )
    sys.stdout.write(f"{'Watch':<9}open {folder.page}\n")
    if not is_installed("matplotlib"):
        sys.stdout.write(
            f"{'Note':<9}curves.png is left out, because it needs Matplotlib. {advice('matplotlib')}.\n"
        )
    sys.stdout.flush()
    settings.write(folder.settings)
    return stream


def _seconds_per_step(settings: Settings, stream: ImageStream, folder: RunFolder) -> float:
    """Returns how many seconds a step takes. The game that was measured is thrown away."""
    trial = dataclasses.replace(settings, steps_per_section=_MEASURED_STEPS)
    game = make_game(trial, folder.start)
    for _ in range(2):  # The first call builds graphs.
        start = time.monotonic()
        game.fit(batches(stream, trial), verbose=0)
    seconds = (time.monotonic() - start) / _MEASURED_STEPS
    keras.backend.clear_session()
    return seconds


def _train(settings: Settings, stream: ImageStream, folder: RunFolder) -> int:
    game = make_game(settings, folder.start)
    game.normalization = stream.normalization
    rows, columns, condition = _cells(settings)
    diagnosis = _diagnosis(settings, stream)
    progress = Progress(settings.steps, settings.steps_per_section, settings.seconds_per_step)
    writer = RunWriter(folder, settings, diagnosis)
    metrics = CSVLogger(str(folder.metrics))
    callbacks = [
        SampleGrid(
            folder.samples,
            rows=rows,
            columns=columns,
            condition=condition,
            value_range=stream.normalization,
            at_begin=True,
        ),
        metrics,
        diagnosis,
        writer,
        progress,
        BackupAndRestore(folder.backup, delete_checkpoint=False),
    ]
    logger = logging.getLogger("kerasgan")
    handler = Warnings(progress.line)
    logger.addHandler(handler)
    propagates, logger.propagate = logger.propagate, False
    try:
        game.fit(
            batches(stream, settings), epochs=settings.sections, verbose=0, callbacks=callbacks
        )
    except KeyboardInterrupt:
        progress.line.end()
        return _interrupted(folder)
    except FloatingPointError as error:
        progress.line.end()
        sys.stderr.write(
            f"kerasgan train: {error}. Start again with a smaller --learning-rate than "
            f"{settings.learning_rate:g} and another --output.\n"
        )
        return 1
    except ValueError as error:
        # The settings are the same, so the pictures or the version have changed.
        if str(error).startswith("The backup"):
            raise CommandError(
                f"--output {folder.path} cannot go on: the pictures or the version of kerasgan have changed "
                "since the run began. Give another --output."
            ) from error
        raise
    finally:
        # Keras closes the file only if training is not interrupted.
        if metrics.csv_file is not None:
            metrics.csv_file.close()
        logger.removeHandler(handler)
        logger.propagate = propagates
    try:
        _finish(game, settings, stream, folder, writer, (rows, columns, condition))
    except KeyboardInterrupt:
        return _interrupted(folder)
    return 0


def _finish(
    game: Any,
    settings: Settings,
    stream: ImageStream,
    folder: RunFolder,
    writer: RunWriter,
    cells: tuple[int, int, Any],
) -> None:
    game.save(folder.model)
    writer.draw()
    write_development(folder.grids(), folder.path / "development.gif")
    write_interpolation(
        game, folder.path / "interpolation.gif", stream.normalization, *cells, settings.seed
    )
    for name in settings.export:
        write(game, stream.normalization, name, folder.exports / FORMATS[name], verbose=False)
    folder.write_state(finished=True)
    write_page(folder, settings)
    run = shlex.quote(str(folder.path))
    sys.stdout.write(
        f"Done. {folder.page} shows the run.\nNext: kerasgan sample {run} -n 100 --output new\n"
    )


def _interrupted(folder: RunFolder) -> int:
    done = folder.state()["steps"]
    kept = (
        f"Everything up to step {done:,} is kept. The same command goes on from there."
        if done
        else "No step is kept yet. The same command starts again."
    )
    sys.stderr.write(f"Interrupted. {kept}\n")
    return _INTERRUPTED


def _finished_already(folder: RunFolder, settings: Settings, export: list[str]) -> str:
    text = (
        f"The run in {folder.path} is finished at step {settings.steps:,}. To train on, give "
        f"--steps {2 * settings.steps}. To begin another run, give --output.\n"
    )
    count = number_of_pictures(Path(settings.folder))
    # Where files may be left out, their number says nothing.
    if count != settings.pictures and settings.reading.get("on_error", "raise") == "raise":
        text += (
            f"FOLDER {settings.folder} has changed: it has {count:,} pictures now, and had "
            f"{settings.pictures:,} in this run.\n"
        )
    missing = [name for name in export if name not in settings.export]
    run = shlex.quote(str(folder.path))
    return text + "".join(f"Export it: kerasgan export {run} --format {name}\n" for name in missing)


def _cells(settings: Settings) -> tuple[int, int, np.ndarray | None]:
    """Returns the rows and columns of a grid, and the class of each cell. A column has one class."""
    if settings.class_names is None:
        return 6, 8, None
    classes = len(settings.class_names)
    columns = max(10 // classes * classes, min(classes, 10))
    return 6, columns, np.arange(6 * columns) % classes


def _diagnosis(settings: Settings, stream: ImageStream) -> Diagnosis:
    count = min(len(stream), _WATCHED)
    chosen = np.sort(np.random.default_rng(settings.seed).permutation(len(stream))[:count])
    x = stream.normalization(stream.images(chosen))
    condition = None if settings.class_names is None or stream.y is None else stream.y[chosen]
    try:
        return Diagnosis(x, condition, samples=256)
    except ValueError:
        # There are too few pictures, or more than half are the same as another.
        sys.stdout.write(
            "Note     too few different pictures: collapse and copies cannot be found\n"
        )
        return Diagnosis()
