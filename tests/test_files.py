"""What is written is whole or absent, keeps its place and its permissions, and leaves nothing behind."""

import contextlib
import errno
import importlib.util
import os
import signal
import stat
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan import files

posix = pytest.mark.skipif(os.name != "posix", reason="permissions and processes as Unix has them")

# Writes half of a file or of a folder, says so, and waits to be killed.
PROGRAM = """
import importlib.util, sys, time
specification = importlib.util.spec_from_file_location("files", sys.argv[1])
files = importlib.util.module_from_spec(specification)
specification.loader.exec_module(files)
kind, path = sys.argv[2:]
if kind == "file":
    with files.replacing(path) as temporary:
        temporary.write_text("half")
        print("writing", flush=True)
        time.sleep(600)
else:
    with files.replacing_folder(path, {"a.txt"}, "a.txt") as temporary:
        temporary.mkdir()
        (temporary / "a.txt").write_text("half")
        print("writing", flush=True)
        time.sleep(600)
"""


def write(path, text="new"):
    with files.replacing(path) as temporary:
        temporary.write_text(text)


def write_folder(path, text="new"):
    with files.replacing_folder(path, {"a.txt"}, "a.txt") as temporary:
        temporary.mkdir()
        (temporary / "a.txt").write_text(text)


def read(path):
    return (path / "a.txt" if path.is_dir() else path).read_text()


WRITERS = {"file": write, "folder": write_folder}


@contextlib.contextmanager
def writer(kind, path):
    """Starts a process that is in the middle of writing `path`."""
    command = [sys.executable, "-c", PROGRAM, files.__file__, kind, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


@posix
@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.processes
def test_what_a_killed_process_has_left_is_deleted_by_the_next_write_in_the_folder(kind, tmp_path):
    target = tmp_path / "target"
    WRITERS[kind](target, "old")
    with writer(kind, target) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(list(tmp_path.iterdir())) == 2
    assert read(target) == "old"
    # A checkpoint's name may hold the epoch, so that nobody writes to the same name again.
    write(tmp_path / "another")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another", "target"]
    assert read(target) == "old"


@posix
@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.processes
def test_what_a_living_process_writes_is_left_alone(kind, tmp_path):
    target = tmp_path / "target"
    with writer(kind, target):
        (unfinished,) = tmp_path.iterdir()
        WRITERS[kind](target)
        assert sorted(tmp_path.iterdir()) == sorted([unfinished, target])
        assert read(unfinished) == "half"


def test_several_threads_of_a_process_write_the_same_file(tmp_path):
    with files.replacing(tmp_path / "a") as first, files.replacing(tmp_path / "a") as second:
        first.write_text("first")
        second.write_text("second")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["first"]


def leftover(folder, machine=None, process=None, life="0" * 8, role="new", name="model"):
    machine, process = machine or files._machine(), process or os.getpid()
    path = folder / f".kerasgan-{machine}-{process}-{life}-{'1' * 8}.{role}.{name}"
    path.write_text("half")
    return path


@posix
@pytest.mark.parametrize(
    ("who", "days", "stays"),
    [
        ({"life": files._LIFE}, 0, True),
        # Another process that had this one's number.
        ({}, 0, False),
        # The first process of all, which lives.
        ({"process": 1}, 0, True),
        ({"process": 1}, 2, False),
        # A process of a machine that shares the folder.
        ({"machine": "0" * 8}, 0, True),
        ({"machine": "0" * 8}, 2, False),
    ],
)
def test_whose_file_is_taken_for_a_leftover(who, days, stays, tmp_path):
    path = leftover(tmp_path, **who)
    changed = time.time() - days * 24 * 60 * 60
    os.utime(path, (changed, changed))
    files.remove_leftovers(tmp_path)
    assert path.exists() == stays


def test_no_other_hidden_file_is_touched(tmp_path):
    names = [".hidden", ".kerasgan", ".kerasgan-1-2-3-4.new.model", f".{'0' * 32}.model.keras"]
    for name in names:
        (tmp_path / name).touch()
    write(tmp_path / "model.keras")
    assert {path.name for path in tmp_path.iterdir()} == {*names, "model.keras"}


@posix
def test_a_folder_that_was_moved_aside_by_a_killed_process_is_put_back(tmp_path):
    """Between the two renames of a replacement there is no folder at its place."""
    moved = leftover(tmp_path, role="old", name="model")
    moved.unlink()
    moved.mkdir()
    (moved / "a.txt").write_text("old")
    with (
        contextlib.suppress(ZeroDivisionError),
        files.replacing_folder(tmp_path / "model", {"a.txt"}, "a.txt"),
    ):
        assert read(tmp_path / "model") == "old"
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    write_folder(tmp_path / "model")
    assert read(tmp_path / "model") == "new"


@pytest.mark.parametrize("exists", [True, False], ids=["", "dangling"])
@pytest.mark.parametrize("kind", WRITERS)
def test_a_symbolic_link_is_followed(kind, exists, tmp_path):
    target, link = tmp_path / "far" / "target", tmp_path / "link"
    if exists:
        WRITERS[kind](target, "old")
    link.symlink_to("far/target")
    WRITERS[kind](link)
    assert link.is_symlink()
    assert not target.is_symlink()
    assert read(target) == "new"
    assert len(list(target.parent.iterdir())) == 1


def test_a_linked_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "thesis.txt").write_text("mine")
    (tmp_path / "link").symlink_to("far")
    with pytest.raises(ValueError, match=r"filepath='.*link'"):
        write_folder(tmp_path / "link")
    assert (tmp_path / "far" / "thesis.txt").read_text() == "mine"


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_permissions_stay(mode, tmp_path):
    path = tmp_path / "model"
    write(path, "old")
    path.chmod(mode)
    with files.replacing(path) as temporary:
        temporary.write_text("new")
        assert stat.S_IMODE(temporary.stat().st_mode) & 0o077 & ~mode == 0
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert read(path) == "new"


@posix
def test_permissions_of_a_folder_stay_and_those_of_a_new_file_are_the_usual_ones(tmp_path):
    write_folder(tmp_path / "model")
    (tmp_path / "model").chmod(0o700)
    write_folder(tmp_path / "model")
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == 0o700
    write(tmp_path / "a")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@posix
def test_permissions_of_a_model_stay(tmp_path):
    gan = kerasgan.GAN(kerasgan.networks.mlp((2,), [], (2,)), kerasgan.networks.mlp((2,), [], (1,)))
    for name, save in (("a.keras", gan.save), ("a.weights.h5", gan.save_weights)):
        save(tmp_path / name)
        (tmp_path / name).chmod(0o600)
        save(tmp_path / name)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert isinstance(keras.models.load_model(tmp_path / "a.keras"), kerasgan.GAN)


@pytest.mark.parametrize("raised", [OSError(errno.ENOSPC, "full"), ValueError, OSError])
def test_errors_name_the_path_that_was_asked_for(raised, tmp_path):
    path = tmp_path / "model.keras"
    with pytest.raises((OSError, ValueError)) as error, files.replacing(path) as temporary:
        raise raised(f"cannot write {temporary}") if isinstance(raised, type) else raised
    assert str(path) in str(error.value)
    assert ".kerasgan-" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_errors_of_saving_name_the_path_that_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.keras").mkdir()
    (tmp_path / "file").touch()
    gan = kerasgan.GAN(kerasgan.networks.mlp((2,), [], (2,)), kerasgan.networks.mlp((2,), [], (1,)))
    faults = {
        "model.txt": ValueError,
        "model": ValueError,
        "folder.keras": OSError,
        "file/model.keras": OSError,
    }
    for path, kind in faults.items():
        with pytest.raises(kind, match=path.split("/")[0]) as error:
            gan.save(path)
        assert ".kerasgan-" not in str(error.value)
    with pytest.raises(ValueError, match="model.txt") as error:
        gan.save_weights("model.txt")
    assert ".kerasgan-" not in str(error.value)
    with pytest.raises(ValueError, match="model.txt"):
        gan.export("model.txt", format="onnx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.keras"]


def test_a_folder_that_can_be_written_to(tmp_path):
    files.check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    def refuse(path, *arguments, **others):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("pathlib.Path.touch", refuse)  # the superuser may write everywhere
    with pytest.raises(PermissionError, match=f"Permission denied: '{tmp_path}") as error:
        files.check_writable(tmp_path)
    assert ".kerasgan-" not in str(error.value)


class MessageError(Exception):
    """TensorFlow's errors are such."""

    def __init__(self, message):
        super().__init__()
        self.message = message

    def __str__(self):
        return self.message


def test_an_error_that_keeps_its_message_names_the_path(tmp_path):
    with (
        pytest.raises(MessageError, match=f"^no room in {tmp_path / 'a'}$"),
        files.replacing_folder(tmp_path / "a", {"a.txt"}, "a.txt") as temporary,
    ):
        raise MessageError(f"no room in {temporary}")


def test_the_module_needs_nothing_but_python():
    """The tests above run it without TensorFlow, and so could a script that cleans up."""
    specification = importlib.util.spec_from_file_location("alone", files.__file__)
    module = importlib.util.module_from_spec(specification)
    sys.modules["alone"] = module
    try:
        specification.loader.exec_module(module)
        assert module._LIFE != files._LIFE
    finally:
        del sys.modules["alone"]
    assert not np.any([name in vars(module) for name in ("keras", "numpy", "tensorflow")])
