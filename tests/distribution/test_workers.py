"""Two processes with `MultiWorkerMirroredStrategy` equal one device, write once, and resume after a kill."""

import json
import socket
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import keras
import numpy as np
import pytest

PROGRAM = Path(__file__).with_name("one_worker.py")
WORKERS = 2
ROUNDS = 20
TIMEOUT = 240


@contextmanager
def running(fork_server, folder, *arguments, task=None):
    """Runs a process, and kills it in any case."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {} if task is None else {"TF_CONFIG": json.dumps(task)}
    program = fork_server.start(PROGRAM, folder, *arguments, folder=folder, environment=environment)
    try:
        yield program
    finally:
        program.end()


@contextmanager
def workers(fork_server, folder, options):
    """Runs the workers of one cluster, each with its own folder and options."""
    with ExitStack() as sockets:
        ports = []
        for _ in range(WORKERS):
            free = sockets.enter_context(socket.socket())
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    with ExitStack() as processes:
        yield [
            processes.enter_context(
                running(
                    fork_server,
                    folder / f"worker{index}",
                    *options[index],
                    task={"cluster": cluster, "task": {"type": "worker", "index": index}},
                )
            )
            for index in range(WORKERS)
        ]


def results(program, deadline):
    done = program.wait(max(1.0, deadline - time.monotonic()))
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def largest_difference(one, other):
    keras.tree.assert_same_structure(one, other)
    return max(
        abs(a - b) for a, b in zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
def trained(fork_server, folder):
    """What one device and each of the two workers made of the same game."""
    deadline = time.monotonic() + TIMEOUT
    with (
        running(fork_server, folder / "alone") as alone,
        workers(fork_server, folder, [(), ()]) as together,
    ):
        return [results(program, deadline) for program in (alone, *together)]


@pytest.mark.promise("two hosts equal one (`MultiWorkerMirroredStrategy`)", models=["GAN"])
def test_workers_end_with_the_same_bits(trained):
    _, chief, other = trained
    assert chief["rounds"] == other["rounds"] == ROUNDS
    assert chief == other


@pytest.mark.parametrize("name", ["weights", "updates", "samples", "weights_after_generator"])
def test_workers_equal_one_device(trained, name):
    alone, chief, _ = trained
    assert largest_difference(alone[name], chief[name]) <= 1e-5


def test_history_is_that_of_one_device(trained):
    alone, chief, _ = trained
    # Of an uneven last batch the workers draw other noise, but see the same real samples.
    same = {"val_real_probability", "val_discriminator_r1"} | {
        name for name in alone["history"] if not name.startswith("val_")
    }
    assert alone["history"].keys() == chief["history"].keys()
    assert np.isfinite(list(chief["history"].values())).all()
    for name in same:
        np.testing.assert_allclose(chief["history"][name], alone["history"][name], atol=1e-5)


def test_several_steps_in_one_execution_are_refused(trained):
    _, chief, _ = trained
    assert "`steps_per_execution`. Expected 1 " in chief["refusal"]


def test_the_chief_alone_writes(trained, folder):
    written = [
        {path.name for path in (folder / name).iterdir()}
        for name in ("alone", "worker0", "worker1")
    ]
    assert written == [{"probabilities.csv", "epoch_0004.png"}] * 2 + [set()]


@pytest.mark.promise("resumes after one of two hosts was killed", models=["GAN"])
def test_resumes_after_a_worker_was_killed(fork_server, trained, folder):
    backup = folder / "backup"
    options = ["--backup", backup]
    deadline = time.monotonic() + TIMEOUT
    lives, dies = options, [*options, "--dies-after", 8]
    with workers(fork_server, folder / "killed", [lives, dies]) as (_, dying):
        assert dying.wait(TIMEOUT).returncode == -9
    # Five rounds make an epoch; the chief has written what it had every two rounds.
    with np.load(backup / "training_state.npz") as state:
        assert (state["epoch"], state["batch"]) == (1, 2)
    with workers(fork_server, folder / "restarted", [options, options]) as together:
        resumed = [results(program, deadline) for program in together]
    for result in resumed:
        assert (result["epochs"], result["rounds"]) == ([1, 2, 3], ROUNDS)
        assert result["updates"] == trained[1]["updates"]
    assert resumed[0]["weights"] == resumed[1]["weights"] == trained[1]["weights"]
