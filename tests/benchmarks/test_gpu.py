"""`benchmarks/gpu.py` without a GPU: what its contestants do at toy size, its record, and its table."""

import importlib
import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = [path.stem for path in FOLDER.glob("gpu*.py")]
TOY = {"size": 8, "batch": 2, "filters": 1, "precision": "float32"}


@pytest.fixture
def modules(monkeypatch):
    """Returns modules of the benchmarks by their names."""
    monkeypatch.syspath_prepend(str(FOLDER))
    # As another Keras needs it, in a process of its own.
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    yield importlib.import_module
    for name in (*NAMES, "contest", "measuring"):
        sys.modules.pop(name, None)


@pytest.fixture
def float32():
    yield
    keras.config.set_dtype_policy("float32")


# The contestants.


@pytest.mark.usefixtures("float32")
@pytest.mark.parametrize(
    "specification",
    [
        {"kind": "fit", "steps_per_execution": 2, "r1": True, "ema": True},
        {"kind": "train_step"},
        {"kind": "loop", "r1": True, "ema": True},
        {"kind": "fit", "precision": "bfloat16"},
    ],
    ids=lambda given: given["kind"],
)
def test_contestants_of_tensorflow_train(specification, modules, monkeypatch):
    if specification["kind"] == "loop":
        # XLA would take twenty seconds for the second derivatives.
        monkeypatch.setattr(tf, "function", lambda **arguments: lambda function: function)
    framework = modules("gpu_tensorflow").TensorFlow()
    trained = []
    networks = modules("gpu_networks")
    make = networks.discriminator

    def watched(*arguments):
        trained.append(make(*arguments))
        return trained[-1]

    networks.discriminator = watched
    run = framework.make({**TOY, **specification})
    (discriminator,) = trained
    before = discriminator.get_weights()
    run(2)
    assert all(map(np.any, map(np.subtract, before, discriminator.get_weights())))
    lower = specification.get("precision") == "bfloat16"
    assert discriminator.layers[0].compute_dtype == ("bfloat16" if lower else "float32")
    assert framework.description()["versions"]["kerasgan"] == kerasgan.__version__


@pytest.mark.parametrize("name", kerasgan.models.__all__)
def test_every_model_trains_on_its_data(name, modules):
    model, data = modules("gpu_family").make(name, size=8, filters=1)
    assert type(model).__name__ == name
    model.compile(run_eagerly=True)
    logs = model.train_on_batch(*(part[0] for part in data(4)), return_dict=True)
    assert all(np.isfinite(value) for value in logs.values())


@pytest.mark.usefixtures("float32")
@pytest.mark.parametrize("kind", ["eager", "channels_last"])
def test_contestants_of_pytorch_train(kind, modules):
    pytest.importorskip("torch")
    framework = modules("gpu_torch").Torch()
    keras_networks = modules("gpu_networks")
    sizes = [sum(p.numel() for p in player.parameters()) for player in framework.networks(16, 2)]
    assert sizes == [
        sum(int(np.prod(weight.shape)) for weight in make(16, 2).trainable_weights)
        for make in (keras_networks.generator, keras_networks.discriminator)
    ]
    framework.make({**TOY, "kind": kind})(2)
    framework.make({**TOY, "kind": kind, "precision": "bfloat16"})(2)


def test_a_contestant_of_jax_trains(modules):
    pytest.importorskip("jax")
    process = modules("gpu_process").Process(FOLDER / "gpu_jax.py")
    try:
        assert process.description["framework"] == "JAX"
        made = process.ask(make={**TOY, "name": "a", "kind": "step", "warm_up": 1})
        assert made["seconds_to_first_steps"] > 0
        assert process.ask(run="a", steps=2)["seconds"] > 0
    finally:
        process.end()


# The processes.

FAKE = """
import sys
sys.path.insert(0, {folder!r})
from gpu_worker import Framework, serve

class Fake(Framework):
    peak = 300

    def description(self):
        print("something of its own")
        return {{"framework": "fake", "versions": {{}}, "device": "card"}}

    def memory(self):
        return 100, self.peak

    def make(self, specification):
        if specification["name"] == "bad":
            raise MemoryError("too large")
        if specification["name"] == "deadly":
            sys.exit("out of order")
        self.peak = specification["peak"]
        return lambda steps: None

def start():
    if {missing}:
        raise ImportError("No module named 'fake'")
    return Fake()

serve(start)
"""


@pytest.fixture
def process(modules, tmp_path):
    started = []

    def start(missing=False):
        program = tmp_path / "fake.py"
        program.write_text(FAKE.format(folder=str(FOLDER), missing=missing))
        started.append(modules("gpu_process").Process(program))
        return started[-1]

    yield start
    for each in started:
        each.end()


def test_a_process_answers_and_outlives_a_contestants_error(process):
    worker = process()
    assert worker.description["device"] == "card"
    assert worker.ask(make={"name": "bad", "warm_up": 1}) == {"error": "MemoryError: too large"}
    # A peak that was there before says nothing.
    peaks = [
        worker.ask(make={"name": "a", "warm_up": 1, "peak": peak})["peak_bytes"]
        for peak in (300, 900)
    ]
    assert peaks == [None, 800]
    assert worker.ask(run="a", steps=3)["seconds"] >= 0
    assert worker.ask(drop="a") == {}
    assert "KeyError" in worker.ask(run="a", steps=3)["error"]
    died = worker.ask(make={"name": "deadly", "warm_up": 1})["error"]
    assert "status 1" in died
    assert "out of order" in died
    assert "status 1" in worker.ask(run="a", steps=1)["error"]


def test_a_framework_that_is_not_there_says_so(process):
    assert process(missing=True).description == {"missing": "No module named 'fake'"}


# The record.


# Seconds of a step, by how the contestant's name begins; bfloat16 takes half of it.
TIMES = (("fit, 20", 0.004), ("fit", 0.005), ("hand-written", 0.004), ("", 0.008))
ASKED = []


class Stand:
    """Stands for a process."""

    dies_after = None

    def __init__(self, program):
        self.framework = program.stem.removeprefix("gpu_")
        missing = {"missing": "No module named 'jax'"} if self.framework == "jax" else {}
        self.description = {"versions": {self.framework: "1.0"}, "device": "card", **missing}

    def ask(self, **request):
        ASKED.append(request)
        if self.dies_after is not None and len(ASKED) > self.dies_after:
            raise KeyboardInterrupt
        if "make" in request:
            return {"seconds_to_first_steps": 7.0, "peak_bytes": 2_000_000_000}
        if "run" in request:
            name = request["run"]
            seconds = next(seconds for start, seconds in TIMES if name.startswith(start))
            seconds *= 0.5 if name.endswith("bfloat16") else 1.0
            return {"seconds": request["steps"] * seconds}
        return {}

    def end(self):
        pass


@pytest.fixture
def benchmark_of_gpu(modules, monkeypatch, tmp_path):
    """Runs `gpu.py` with stands for its processes, and returns its record."""
    gpu = modules("gpu")
    monkeypatch.setattr(modules("contest"), "Process", Stand)
    monkeypatch.setattr(gpu, "card", lambda: "card, driver 1")
    ASKED.clear()

    def run(*arguments):
        path = tmp_path / "gpu.json"
        monkeypatch.setattr(sys, "argv", ["gpu.py", "--record", str(path), *arguments])
        gpu.main()
        return json.loads(path.read_text())

    return run


def test_all_that_is_asked_for_is_measured_and_shown(benchmark_of_gpu, capsys):
    record = benchmark_of_gpu("--minutes", "60")
    names = list(record["groups"])
    assert names == [
        "64 pixels",
        "64 pixels, R1",
        "64 pixels, EMA",
        "32 pixels, float32",
        "32 pixels, bfloat16",
        "128 pixels, float32",
        "128 pixels, bfloat16",
        "64 pixels, every model under fit",
    ]
    assert [len(group["rows"]) for group in record["groups"].values()] == [20, 4, 4, *[10] * 4, 11]
    assert all(group["complete"] for group in record["groups"].values())
    family = record["groups"]["64 pixels, every model under fit"]["rows"]
    assert {row["model"] for row in family} == set(kerasgan.models.__all__)
    fit = next(
        row for row in record["groups"]["64 pixels"]["rows"] if row["name"] == "fit, float32"
    )
    assert fit["milliseconds"] == [5.0] * 5
    assert (fit["milliseconds_a_step"], fit["images_a_second"]) == (5.0, 25_600)
    # As many steps in a turn as take about as long.
    steps = {request["steps"] for request in ASKED if "run" in request}
    assert steps == {400, 200, 100}

    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("card, driver 1; python 3.")
    assert "| fit | float32 | 7.0 | 5.00 | 25,600 | 2,000 | 1.25 |" in shown
    assert (
        "| JAX, hand-written step | float32 | not measured: No module named 'jax' | | | | |"
        in shown
    )
    # 5 / 4, 4 / 4, 8 / 4 and 4 / 2.
    assert [line.split(" | ")[1:] for line in shown if line.startswith("| time of ")] == [
        ["≤ 1.25", "1.25", "met |"],
        ["≤ 1.05", "1.00", "met |"],
        ["≥ 1.4", "2.00", "met |"],
        ["≥ 1.25", "2.00", "met |"],
    ]
    assert not any("Not measured yet" in line for line in shown)


def test_contestants_run_in_turns(benchmark_of_gpu):
    record = benchmark_of_gpu("--only", "R1", "--repeats", "2")
    (group,) = record["groups"].values()
    made = [request["make"]["name"] for request in ASKED if "make" in request]
    runs = [request["run"] for request in ASKED if "run" in request]
    assert [request for request in ASKED[: len(made)] if "make" not in request] == []
    assert runs == made * 2
    assert [row["name"] for row in group["rows"]] == made


def test_an_interrupted_run_keeps_its_rows_and_goes_on(benchmark_of_gpu, monkeypatch, capsys):
    benchmark_of_gpu("--only", "R1")
    first = len(ASKED)
    monkeypatch.setattr(Stand, "dies_after", first + 8)
    with pytest.raises(KeyboardInterrupt):
        benchmark_of_gpu("--only", "every model", "--repeats", "5")
    monkeypatch.setattr(Stand, "dies_after", None)
    capsys.readouterr()
    record = benchmark_of_gpu()
    # Neither the first group nor the first model of the other, which took a make, five runs and a drop.
    made = [request["make"]["name"] for request in ASKED[first + 9 :] if "make" in request]
    assert "fit, float32" in made
    assert "EBGAN, float32" not in made
    assert "GAN, float32" in made
    assert (
        made.count("hand-written tf.function, XLA, float32") == 4
    )  # of 64, EMA, 32 and 128 pixels
    assert all(group["complete"] for group in record["groups"].values())
    # All is there.
    ASKED.clear()
    benchmark_of_gpu()
    assert ASKED == []
    again = benchmark_of_gpu("--fresh", "--only", "EMA")
    assert len([request for request in ASKED if "make" in request]) == 4
    assert again["groups"].keys() == record["groups"].keys()


def test_a_record_of_something_else_is_kept(benchmark_of_gpu, tmp_path):
    benchmark_of_gpu("--only", "R1")
    before = (tmp_path / "gpu.json").read_bytes()
    with pytest.raises(SystemExit, match="another machine or recipe.*--fresh"):
        benchmark_of_gpu("--only", "R1", "--batch", "64")
    assert (tmp_path / "gpu.json").read_bytes() == before
    record = benchmark_of_gpu("--only", "EMA", "--batch", "64", "--fresh")
    assert list(record["groups"]) == ["64 pixels, EMA"]


def test_a_run_ends_in_time_and_says_what_is_left(benchmark_of_gpu, capsys):
    record = benchmark_of_gpu("--minutes", "0")
    assert list(record["groups"]) == ["64 pixels"]
    assert "Not measured yet: 64 pixels, R1, 64 pixels, EMA," in capsys.readouterr().out


def test_a_goal_is_missed_or_not_measured(modules):
    table = modules("gpu_table")

    def row(what, precision, *milliseconds, framework="tensorflow"):
        found = {"what": what, "precision": precision, "framework": framework}
        if not milliseconds:
            return {**found, "error": "out of memory"}
        median = float(np.median(milliseconds))
        return {**found, "milliseconds": milliseconds, "milliseconds_a_step": median}

    rows = [
        # The median of the turns' ratios 1.5, 1.5 and 1: not the ratio of the medians.
        row("fit", "float32", 3.0, 6.0, 9.0),
        row(table.HAND_WRITTEN, "float32", 2.0, 4.0, 9.0),
        row(table.TWENTY, "float32", 2.0, 4.0, 9.0),
        row(table.TWENTY, "bfloat16"),
        row("PyTorch, eager", "float32", 9.0, 9.0, 9.0, framework="torch"),
        row("PyTorch, compiled", "float32", 4.0, 4.0, 4.0, framework="torch"),
    ]
    found = [(value, met) for _, _, value, met in table.goals(rows)]
    assert found == [(1.5, False), (1.0, True), (1.0, False), (None, None)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--steps", "50"], "--steps must be a multiple of 20"),
        (["--sizes", "48"], "--sizes must be powers of 2"),
        (["--repeats", "0"], "--batch and --repeats must be positive"),
        ([], "there is no GPU; with --toy"),
    ],
)
def test_bad_arguments(arguments, message, modules, monkeypatch, capsys):
    gpu = modules("gpu")
    monkeypatch.setattr(gpu, "card", lambda: "cpu")
    monkeypatch.setattr(sys, "argv", ["gpu.py", *arguments])
    with pytest.raises(SystemExit):
        gpu.main()
    assert message in capsys.readouterr().err
