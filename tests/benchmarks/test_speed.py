"""`benchmarks/speed.py`: its contestants at toy size, its record, its table, and its rows of the results."""

import argparse
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = [path.stem for pattern in ("speed*.py", "gpu*.py") for path in FOLDER.glob(pattern)]


@pytest.fixture
def modules(monkeypatch):
    """Returns modules of the benchmarks by their names."""
    monkeypatch.syspath_prepend(str(FOLDER))
    # As processes of their own need it, and PyTorch beside them must not see a GPU.
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    yield importlib.import_module
    for name in (*NAMES, "contest", "measuring", "results_page"):
        sys.modules.pop(name, None)


@pytest.fixture
def run(modules, monkeypatch, tmp_path):
    """Runs `speed.py`, and returns its record."""

    def run(*arguments):
        path = tmp_path / "speed.json"
        monkeypatch.setattr(sys, "argv", ["speed.py", "--record", str(path), *arguments])
        modules("speed").main()
        return json.loads(path.read_text())

    return run


@pytest.mark.processes
def test_contestants_of_tensorflow_run_at_toy_size(run, modules, monkeypatch, capsys):
    speed = modules("speed")
    # XLA would take most of the time.
    some = [each for each in speed.COMMON if "arguments" not in each[2]]
    monkeypatch.setattr(speed, "COMMON", some)
    monkeypatch.setattr(speed.Speed, "start", lambda self: None)
    record = run("--toy", "--games", "gaussian", "--frameworks", "tensorflow")
    (group,) = record["groups"].values()
    assert [row["what"] for row in group["rows"]] == [
        "fit",
        "hand-written loop",
        "textbook's train_step",
    ]
    for row in group["rows"]:
        assert row["milliseconds_a_step"] > 0, row
        assert row["seconds_to_first_steps"] > 0
    assert group["rows"][0]["ratio_to_fit"] == 1.0
    shown = capsys.readouterr().out
    assert "| hand-written loop | float32 |" in shown
    assert "At toy size these numbers say nothing" in shown


@pytest.mark.processes
def test_the_start_is_measured_in_a_fresh_process(modules, tmp_path):
    speed = modules("speed")
    options = argparse.Namespace(
        record=tmp_path / "speed.json", repeats=1, toy=True, frameworks=[], fresh=False
    )
    measured = speed.Speed(options)
    measured.start()
    (run,) = measured.answer["start"]["runs"]
    assert run == measured.answer["start"]["seconds"]
    assert all(seconds > 0 for seconds in run.values())
    # What is in the record is not measured again.
    again = speed.Speed(options)
    again.start()
    assert again.answer["start"]["runs"] == [run]


# Without processes.

ASKED = []


class Stand:
    """Stands for a process: `fit` takes 2 ms a step, then 4, and so on; PyTorch takes 6 in every turn."""

    dies_after = None

    def __init__(self, program):
        self.framework = program.stem.removeprefix("speed_")
        self.turn = {}
        self.description = {"versions": {self.framework: "1.0"}, "device": "cpu"}
        if self.framework == "jax":
            said = "the process ended with status 1: ModuleNotFoundError: No module named 'jax'"
            self.description = {"error": said}

    def ask(self, **request):
        ASKED.append(request)
        if self.dies_after is not None and len(ASKED) > self.dies_after:
            raise KeyboardInterrupt
        if "make" in request:
            return {"seconds_to_first_steps": 7.0, "peak_bytes": None}
        name = request["run"]
        self.turn[name] = self.turn.get(name, 0) + 1
        milliseconds = 6 if self.framework == "torch" else 2 * self.turn[name]
        return {"seconds": request["steps"] * milliseconds / 1e3}

    def end(self):
        pass


@pytest.fixture
def stands(modules, monkeypatch):
    """Has stands instead of processes."""
    monkeypatch.setattr(modules("contest"), "Process", Stand)
    speed = modules("speed")
    monkeypatch.setattr(speed, "configurations", lambda name, toy: {})
    monkeypatch.setattr(speed.Speed, "start", lambda self: None)
    ASKED.clear()


@pytest.mark.usefixtures("stands")
def test_ratios_are_of_turns_and_a_missing_framework_is_named(run, capsys):
    record = run("--games", "mlp", "--repeats", "3")
    rows = {row["what"]: row for row in record["groups"]["MLP GAN"]["rows"]}
    assert rows["fit"]["milliseconds"] == [2.0, 4.0, 6.0]
    assert rows["fit"]["milliseconds_a_step"] == 4.0
    # The median of 6 / 2, 6 / 4 and 6 / 6.
    assert rows["PyTorch, eager"]["ratio_to_fit"] == 1.5
    assert rows["JAX, a step"]["error"] == "not measured: No module named 'jax'"
    assert "| JAX, a step | float32 | not measured: No module named 'jax' |" in (
        capsys.readouterr().out
    )
    runs = [request["run"] for request in ASKED if "run" in request]
    assert runs == runs[:7] * 3
    assert {request["steps"] for request in ASKED if "run" in request} == {400}


@pytest.mark.usefixtures("stands")
def test_a_stopped_run_goes_on_with_the_game_that_was_interrupted(run, monkeypatch, tmp_path):
    complete = run("--games", "mlp")
    before = len(ASKED)
    monkeypatch.setattr(Stand, "dies_after", before + 9)
    with pytest.raises(KeyboardInterrupt):
        run("--games", "mlp", "gaussian")
    # Seven contestants are made, and two have run.
    left = json.loads((tmp_path / "speed.json").read_text())["groups"]["Gaussian GAN"]
    assert (left["complete"], len(left["rows"])) == (False, 9)
    monkeypatch.setattr(Stand, "dies_after", None)
    record = run("--games", "mlp", "gaussian")
    assert record["groups"]["MLP GAN"] == complete["groups"]["MLP GAN"]
    assert record["groups"]["Gaussian GAN"]["complete"]
    games = [request["make"]["game"] for request in ASKED[before:] if "make" in request]
    assert set(games) == {"gaussian"}
    ASKED.clear()
    run("--games", "mlp", "gaussian")
    assert ASKED == []


@pytest.mark.usefixtures("stands")
def test_a_record_of_another_recipe_is_kept(run):
    run("--games", "mlp")
    with pytest.raises(SystemExit, match="another machine or recipe.*--fresh"):
        run("--games", "mlp", "--repeats", "5")


@pytest.mark.usefixtures("stands")
def test_a_dcgan_is_measured_in_bfloat16_too(run):
    rows = run("--games", "dcgan", "--repeats", "1")["groups"]["DCGAN"]["rows"]
    lower = {row["what"] for row in rows if row["precision"] == "bfloat16"}
    assert lower == {"fit", "PyTorch, eager"}


@pytest.mark.usefixtures("stands")
def test_the_page_of_results_has_rows(run, modules):
    record = run("--games", "mlp", "--repeats", "3")
    record["start"] = {"seconds": {"import kerasgan": 0.523}}
    rows = list(modules("results_page").speed(record))
    assert rows[0] == ("MLP GAN: a step of `fit`", "4 ms", "")
    assert ("MLP GAN: PyTorch, eager", "1.50 × `fit`'s time", "") in rows
    assert rows[-1] == ("Start of a process: import kerasgan", "0.52 s", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repeats", "0"], "--repeats must be positive"),
        (["--frameworks", "torch"], "--frameworks must have tensorflow"),
        (["--games", "chess"], "invalid choice: 'chess'"),
    ],
)
def test_bad_arguments(arguments, message, modules, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["speed.py", *arguments])
    with pytest.raises(SystemExit):
        modules("speed").main()
    assert message in capsys.readouterr().err


def test_a_pass_has_every_row_once_and_whole_batches(modules):
    game = modules("speed_games").game_of("mlp", toy=True)
    x = np.arange(game.batches * game.batch)
    passes = [np.concatenate(list(each)) for each in game.passes(x, 2 * game.batches)]
    assert [sorted(each) for each in passes] == [list(x)] * 2
    assert not np.array_equal(*passes)
    (short,) = game.passes(x, 2, shuffle=False)
    assert [list(batch) for batch in short] == [[0, 1, 2, 3], [4, 5, 6, 7]]
