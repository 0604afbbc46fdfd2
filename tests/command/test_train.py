"""`kerasgan train`, at toy size."""

import argparse
import json
import logging
import re
import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from toy_runs import TOY, write_pictures

from kerasgan.callbacks._diagnosis_signs import SIGNS
from kerasgan.command import main
from kerasgan.command.findings import finding_text
from kerasgan.command.main import make_parser
from kerasgan.command.progress import Line, Warnings
from kerasgan.command.train_options import add_options


def variables(run):
    """Returns what the model was saved with, and all that training changes."""
    game = keras.models.load_model(run / "model.keras", compile=False)
    with np.load(run / "backup" / "training_state.npz") as state:
        trained = [state[name] for name in state if name.startswith("variable.")]
    return [*map(keras.ops.convert_to_numpy, game.state()), *trained]


def test_a_run_has_all_that_is_promised(trained):
    run = trained / "toys-run"
    there = {path.name for path in run.iterdir()}
    assert there >= {
        "settings.json",
        "model.keras",
        "samples",
        "metrics.csv",
        "curves.png",
        "index.html",
        "development.gif",
        "interpolation.gif",
        "exports",
        "backup",
    }
    grids = sorted(path.name for path in (run / "samples").iterdir())
    assert grids == [f"epoch_{number:04}.png" for number in range(4)]
    assert (run / "exports" / "generator.tflite").is_file()
    rows = (run / "metrics.csv").read_text().splitlines()
    assert len(rows) == 4
    assert "real_probability" in rows[0]
    assert "val_" not in rows[0]
    with Image.open(run / "development.gif") as film:
        assert film.n_frames > 1


def test_settings_say_what_was_chosen(trained):
    settings = json.loads((trained / "toys-run" / "settings.json").read_text())
    assert settings["pictures"] == 12
    assert settings["size"] == [8, 8]
    assert settings["channels"] == 3
    assert settings["augmentation"] == "diff_augment"
    assert settings["steps"] == 3
    assert "normalization" not in settings  # which the model knows
    game = keras.models.load_model(trained / "toys-run" / "model.keras", compile=False)
    assert game.normalization.get_config() == {"low": 0.0, "high": 255.0}


def test_the_recipe_is_what_the_documents_say(trained):
    game = keras.models.load_model(trained / "toys-run" / "model.keras")
    compilation = game.get_compile_config()
    assert "Relativistic" in str(compilation["loss"])
    assert [each["class_name"] for each in compilation["penalties"]] == ["R1", "R2"]
    for turn in ("discriminator", "generator"):
        config = game.optimizer[turn].get_config()
        assert (config["beta_1"], config["beta_2"]) == (0.0, 0.99)
        rate = config["learning_rate"]["config"]
        assert (rate["start"], rate["steps"]) == (7e-4, 3)
        assert rate["end"] == pytest.approx(7e-5)


def test_the_page_needs_nothing_from_elsewhere(trained):
    page = (trained / "toys-run" / "index.html").read_text()
    assert "://" not in page
    assert "refresh" not in page  # the run is over
    for name in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert (trained / "toys-run" / name).is_file()


def test_a_finished_run_says_so(trained, monkeypatch, capsys):
    monkeypatch.chdir(trained)
    before = (trained / "toys-run" / "model.keras").read_bytes()
    assert main(["train", "toys", *TOY]) == 0
    printed = capsys.readouterr().out
    assert "is finished at step 3" in printed
    assert "has changed" not in printed
    assert (trained / "toys-run" / "model.keras").read_bytes() == before


def test_a_finished_run_says_that_its_folder_has_changed(trained, here, capsys):
    shutil.copytree(trained / "toys", here / "toys")
    shutil.copytree(trained / "toys-run", here / "toys-run")
    path = here / "toys-run" / "settings.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({**settings, "folder": str((here / "toys").resolve())}))
    count = settings["pictures"]
    first, *_ = sorted((here / "toys").iterdir())
    shutil.copy(first, here / "toys" / "another.png")
    assert main(["train", "toys", *TOY]) == 0
    assert (
        f"it has {count + 1} pictures now, and had {count} in this run" in capsys.readouterr().out
    )


@pytest.mark.deterministic
def test_an_interrupted_run_goes_on_to_the_same_bits(trained, here, interrupted, capsys):
    write_pictures(here / "toys")
    command = ["train", "toys", *TOY, "--export", "litert"]
    assert interrupted(command) == 130
    assert "up to step 1 is kept. The same command goes on" in capsys.readouterr().err
    page = (here / "toys-run" / "index.html").read_text()
    assert 'http-equiv="refresh"' in page
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "goes on at step 1 of 3" in printed
    assert max(map(len, printed.splitlines())) < 80
    undisturbed = variables(trained / "toys-run")
    resumed = variables(here / "toys-run")
    assert len(resumed) == len(undisturbed)
    for one, other in zip(resumed, undisturbed, strict=True):
        np.testing.assert_array_equal(one, other)
    for name in ("metrics.csv", "samples/epoch_0003.png", "development.gif", "interpolation.gif"):
        one, other = (folder / "toys-run" / name for folder in (here, trained))
        assert one.read_bytes() == other.read_bytes(), name


def test_settings_start_the_same_run(trained, here, capsys):
    settings = json.loads((trained / "toys-run" / "settings.json").read_text())
    settings |= {"steps": 1, "augmentation": "none", "export": []}
    (here / "given.json").write_text(json.dumps(settings))
    command = ["train", "--settings", "given.json", "--output", "again"]
    assert main([*command, "--size", "8"]) == 2
    assert "--settings and --size cannot go together" in capsys.readouterr().err
    assert main(command) == 0
    assert json.loads((here / "again" / "settings.json").read_text()) == settings
    assert len(list((here / "again" / "samples").iterdir())) == 2
    capsys.readouterr()
    assert main(command) == 0
    assert "is finished at step 1" in capsys.readouterr().out


def test_sub_folders_are_classes(conditional):
    settings = json.loads((conditional / "kinds-run" / "settings.json").read_text())
    assert settings["class_names"] == ["cats", "odd dogs"]
    assert settings["even_classes"]
    assert settings["channels"] == 1
    game = keras.models.load_model(conditional / "kinds-run" / "model.keras", compile=False)
    assert game.conditional
    assert settings["augmentation"] == "none"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--batch-size", "8"], "is a run with --batch-size 4, not 8. To go on with this run"),
        (["--steps", "2"], "--steps asks for fewer steps than the 3 of the run"),
        (["--minutes", "5"], "is a run with no --minutes, not 5. "),
        (["--size", "16"], "is a run with --size 8x8, not 16x16. "),
        (["--value-range", "0", "9.5"], "is a run with no --value-range, not 0 9.5. "),
        (
            ["--conditional", "yes", "--seed", "7"],
            "is a run with --conditional no, not yes; --seed 0, not 7. ",
        ),
    ],
)
def test_another_command_in_the_same_run_is_refused(
    trained, monkeypatch, capsys, options, expected
):
    monkeypatch.chdir(trained)
    assert main(["train", "toys", *options]) == 2
    assert expected in capsys.readouterr().err


def test_a_run_of_another_folder_is_refused(trained, here, capsys):
    write_pictures(here / "others")
    assert main(["train", "others", "--output", str(trained / "toys-run")]) == 2
    assert "is a run of another folder" in capsys.readouterr().err


def test_two_processes_do_not_train_one_run(trained, here, capsys):
    from kerasgan.command.run_folder import RunFolder

    write_pictures(here / "toys")
    (here / "toys-run").mkdir()
    with RunFolder(here / "toys-run").alone():
        assert main(["train", "toys", *TOY]) == 2
    assert "another process is training this run" in capsys.readouterr().err


def broken(folder):
    write_pictures(folder, 3)
    (folder / "x.png").write_text("no picture")


def cut(folder):
    write_pictures(folder, 3)
    (folder / "00.png").write_bytes((folder / "00.png").read_bytes()[:150])


def all_equal(folder):
    write_pictures(folder, 1)
    for index in range(3):
        (folder / f"copy{index}.png").write_bytes((folder / "00.png").read_bytes())


def tiny(folder):
    write_pictures(folder, 3)
    Image.new("RGB", (1, 1)).save(folder / "one.png")


def no_picture(folder):
    folder.mkdir()
    (folder / "notes.txt").write_text("")


BAD_FOLDERS = {
    "missing": (lambda folder: None, ["FOLDER bad does not exist"]),
    "a file": (lambda folder: folder.write_text(""), ["FOLDER bad is a file"]),
    "empty": (lambda folder: folder.mkdir(), ["FOLDER", ".png"]),
    "no picture": (no_picture, ["FOLDER", ".png", ".txt"]),
    "one picture": (lambda folder: write_pictures(folder, 1), ["--min-count 1", "1 picture"]),
    "all equal": (all_equal, ["--min-count 1", "all the same"]),
    "broken": (broken, ["bad/x.png", "--on-error skip"]),
    "cut off": (cut, ["bad/00.png", "--on-error skip"]),
    "one pixel": (tiny, ["bad/one.png", "--min-size"]),
}


@pytest.mark.parametrize("kind", BAD_FOLDERS)
def test_bad_folders_are_refused_in_a_sentence(here, capsys, kind):
    make, expected = BAD_FOLDERS[kind]
    make(here / "bad")
    assert main(["train", "bad", *TOY]) == 2
    message = capsys.readouterr().err
    assert message.startswith("kerasgan train: ")
    assert message.count("\n") == 1
    assert "`" not in message
    for text in expected:
        assert text in message
    assert not (here / "bad-run").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--size", "0"], "--size: expected the pixels of a side"),
        (["--size", "12by3"], "--size: expected the pixels of a side"),
        (["--size", "2"], "--size 2x2 is too small"),
        (["--size", "30", "--network", "fastgan"], "such as (28, 28)"),
        (["--steps", "0"], "--steps: expected a whole number of at least 1"),
        (["--minutes", "-1"], "--minutes: expected a number above 0"),
        (["--steps", "1", "--minutes", "1"], "--minutes: not allowed with argument --steps"),
        (["--network", "stylegan"], "--network: invalid choice"),
        (["--settings", "nothing.json"], "nothing.json cannot be read"),
        (["--output", "toys"], "--output toys holds something other than a run"),
        (["--output", "toys/00.png"], "is a file"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(here, capsys, options, expected):
    write_pictures(here / "toys", 3)
    try:
        status = main(["train", "toys", *options])
    except SystemExit as stop:  # argparse's
        status = stop.code
    assert status == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1


def test_every_option_is_explained(capsys):
    """Also those of sub-commands: no help is a fragment such as `default: 16`."""
    seen = []

    def check(parser, name):
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for word, each in action.choices.items():
                    check(each, f"{name} {word}")
            else:
                seen.append(name)
                assert re.match(r"(?!default|of )\S+ \S+", action.help or ""), (name, action.dest)

    check(make_parser(), "kerasgan")
    assert {"kerasgan train", "kerasgan latent invert"} <= set(seen)


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.kind)
def test_findings_advise_options_of_the_command(sign, capsys):
    measured = dict.fromkeys(
        ["missed", "moved", "copied", "growth", "discriminator_error", "generator_signal"], 0.5
    )
    measured["condition_effect"] = 0.01
    measured |= {"swings": 4, "growing": "generator", "generator_probability": 0.5}
    finding = sign.finding(3, measured)
    record = logging.LogRecord("kerasgan", logging.WARNING, "", 0, "compile(…)", None, None)
    record.finding = finding
    Warnings(Line()).emit(record)
    shown = " ".join(capsys.readouterr().out.split())
    assert shown == f"! {finding_text(finding)}"
    assert f"{finding['evidence']}. {finding['meaning']}. Try another run (--output) with" in shown
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_options(parser)
    known = {option for action in parser._actions for option in action.option_strings}
    assert set(re.findall(r"--[a-z-]+", shown)) <= {*known, "--output"}
    for augmentation in re.findall(r"--augment (\w+)", shown):
        parser.parse_args(["--augment", augmentation])


def test_findings_are_said_above_the_line(capsys):

    line = Line()
    handler = Warnings(line)
    record = logging.LogRecord("kerasgan", logging.WARNING, "", 0, "collapse " * 20, None, None)
    handler.emit(record)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert lines[0].startswith("! collapse")
    assert max(map(len, lines)) < 80
