"""A folder of small pictures, and a run that was trained on it."""

import pytest
from toy_runs import TOY, inside, write_pictures

from kerasgan.command import main
from kerasgan.command.run_writer import RunWriter


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def interrupted(monkeypatch):
    """Runs a command, as if Ctrl-C were pressed after the first section, and returns its status."""

    def run(command):
        write = RunWriter.on_epoch_end

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt
            write(self, epoch, logs)

        with monkeypatch.context() as patched:
            patched.setattr(RunWriter, "on_epoch_end", on_epoch_end)
            return main(command)

    return run


@pytest.fixture(scope="package")
def trained(tmp_path_factory):
    """The folder in which `toys` are, and `toys-run`, which was never disturbed."""
    folder = tmp_path_factory.mktemp("trained")
    write_pictures(folder / "toys")
    with inside(folder):
        assert main(["train", "toys", *TOY, "--export", "litert"]) == 0
    return folder


@pytest.fixture(scope="package")
def conditional(tmp_path_factory):
    """The folder in which `kinds` are, in two sub-folders of uneven size, and their run."""
    folder = tmp_path_factory.mktemp("conditional")
    write_pictures(folder / "kinds" / "cats", 15, (8, 8))
    write_pictures(folder / "kinds" / "odd dogs", 3, (8, 8), seed=1)
    with inside(folder):
        options = ["--conditional", "yes", "--augment", "none"]
        assert main(["train", "kinds", *TOY[:-1], "1", *options]) == 0
    return folder
