import contextlib
import json
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan import files

KILLS = Path(__file__).parents[2] / "benchmarks" / "kills.py"
DATA = np.random.default_rng(0).normal(size=(120, 2)).astype("float32")


class Interrupt(keras.callbacks.Callback):
    """Ends training after so many batches."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_batch_end(self, batch, logs=None):
        self.batches -= 1
        if self.batches == 0:
            raise KeyboardInterrupt


@pytest.mark.deterministic
@pytest.mark.promise(
    "killed (`kill -9`) at random moments, ends with the same bits", models=["GAN"]
)
@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bits(fork_server, tmp_path):
    """The benchmark kills more games more often."""
    arguments = ("--kills", 4, "--scenarios", "GAN, early stopping")
    done = fork_server.start(KILLS, *arguments, folder=tmp_path).wait(400)
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    total = answer["total"]
    assert (total["kills"], total["bits_lost"], total["other_differences"]) == (4, 0, 0)
    (scenario,) = answer["scenarios"].values()
    assert scenario["bits_compared_in_each_run"] > 1000
    positions = scenario["epoch_and_batch_of_the_backup_after_each_kill"]
    assert max(each or [0, 0] for each in positions) > [2, 0], "the kills came too early"


def small_gan():
    return kerasgan.GAN(
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]),
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]),
    )


def fit(gan, *callbacks, **arguments):
    gan.fit(DATA, batch_size=40, verbose=0, callbacks=callbacks, **arguments)


def test_the_backup_is_kept_where_it_is_wanted_and_only_it_is_deleted(tmp_path):
    gan = small_gan()
    gan.compile()
    kept = kerasgan.callbacks.BackupAndRestore(tmp_path / "kept", delete_checkpoint=False)
    deleted = kerasgan.callbacks.BackupAndRestore(tmp_path)
    fit(gan, kept, deleted)
    assert [path.name for path in tmp_path.rglob("*.npz")] == ["training_state.npz"]
    # All epochs are done, so there is nothing left to do.
    before = gan.get_weights()
    fit(gan, kept)
    assert all(map(np.array_equal, before, gan.get_weights()))


def test_fit_says_where_it_continues(tmp_path, capsys):
    def train(*callbacks, verbose=2, **arguments):
        gan = small_gan()
        gan.compile()
        backup = kerasgan.callbacks.BackupAndRestore(tmp_path, save_freq=1, delete_checkpoint=False)
        with contextlib.suppress(KeyboardInterrupt):
            gan.fit(
                DATA, batch_size=40, verbose=verbose, callbacks=[*callbacks, backup], **arguments
            )
        return capsys.readouterr().out

    path = tmp_path / "training_state.npz"
    assert "continues" not in train(Interrupt(5), epochs=3)
    assert f"Training continues at epoch 2, batch 2, from '{path}'." in train(epochs=2)
    assert f"Training continues at epoch 3, from '{path}'." in train(epochs=3)
    assert "continues" not in train(epochs=3)
    assert "continues" not in train(epochs=4, verbose=0)


def test_an_unfinished_backup_is_not_taken_for_one(tmp_path):
    callback = kerasgan.callbacks.BackupAndRestore(tmp_path)
    with contextlib.suppress(KeyboardInterrupt), files.replacing(callback.path) as temporary:
        half = temporary.with_name(temporary.name.replace(files._LIFE, "0" * 8))
        half.write_bytes(b"half of it")
        raise KeyboardInterrupt
    assert half.exists()
    assert callback.stored() is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["BackupAndRestore", "SampleGrid", "ProbabilityLogger"])
def test_a_folder_that_cannot_be_written_to_is_noticed_before_training(kind, tmp_path):
    (tmp_path / "file").touch()
    gan = small_gan()
    gan.compile()
    before = gan.get_weights()
    folder = tmp_path / "file" / "folder"
    arguments = {"kind": "curves"} if kind == "SampleGrid" else {}
    with pytest.raises(OSError, match=str(folder)):
        fit(gan, getattr(kerasgan.callbacks, kind)(folder, **arguments))
    assert all(map(np.array_equal, before, gan.get_weights()))


def test_the_backup_of_another_model_is_refused(tmp_path):
    gan = small_gan()
    gan.compile()
    fit(gan, kerasgan.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False))
    gan.compile(discriminator_optimizer="sgd")
    for allowed, message in ((False, "was Adam, is SGD"), (True, "another compilation")):
        with pytest.raises(ValueError, match=message):
            fit(gan, kerasgan.callbacks.BackupAndRestore(tmp_path, allow_changes=allowed))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backup_dir": ""}, "backup_dir"),
        ({"backup_dir": "x", "save_freq": 0}, "save_freq"),
        ({"backup_dir": "x", "save_freq": "batch"}, "save_freq"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        kerasgan.callbacks.BackupAndRestore(**arguments)


@pytest.mark.deterministic
def test_the_stock_callback_resumes_exactly_at_the_end_of_an_epoch(tmp_path):
    """Keras keeps weights, optimizers and seeds, but not running means: those begin anew anyway."""
    values = []
    for disturbed in (False, True):
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(0)
        gan = small_gan()
        gan.compile(discriminator_steps=2)
        stock = keras.callbacks.BackupAndRestore(tmp_path / str(disturbed))
        if disturbed:
            with pytest.raises(KeyboardInterrupt):
                fit(gan, stock, Interrupt(3), epochs=4)
            keras.utils.clear_session(free_memory=False)
            gan = small_gan()
            gan.compile(discriminator_steps=2)
        fit(gan, stock, epochs=4)
        every = [*gan.variables, *gan.optimizer.variables]
        values.append([keras.ops.convert_to_numpy(variable) for variable in every])
    assert all(map(np.array_equal, *values))


def float16_run(folder, *callbacks):
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        gan = small_gan()
        gan.compile(run_eagerly=True)
        for turn in ("discriminator", "generator"):
            gan.optimizer[turn].dynamic_growth_steps = 3  # so that scales grow within the run
        fit(gan, *callbacks, kerasgan.callbacks.BackupAndRestore(folder, save_freq=1), epochs=4)
    finally:
        keras.config.set_dtype_policy("float32")
    return gan


@pytest.mark.deterministic
def test_loss_scales_are_taken_up_too(tmp_path):
    undisturbed = float16_run(tmp_path / "undisturbed")
    with pytest.raises(KeyboardInterrupt):
        float16_run(tmp_path / "disturbed", Interrupt(7))
    resumed = float16_run(tmp_path / "disturbed")
    assert float(resumed.optimizer["generator"].dynamic_scale) > 2.0**15
    for one, other in zip(undisturbed.state(), resumed.state(), strict=True):
        np.testing.assert_array_equal(one, other)
