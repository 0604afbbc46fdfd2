"""`kerasgan sample`, `evaluate`, `export` and `latent`, of a run at toy size."""

import keras
import numpy as np
import pytest
from PIL import Image
from toy_runs import write_pictures

from kerasgan.command import main
from kerasgan.datasets import MinMax, Tanh


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_sample_writes_pictures_in_their_colors(trained, here, capsys):
    run = trained / "toys-run"
    assert main(["sample", str(run), "-n", "3", "--output", "new", "--seed", "5"]) == 0
    assert "3 pictures" in capsys.readouterr().out
    files = sorted((here / "new").iterdir())
    assert [path.name for path in files] == ["0000.png", "0001.png", "0002.png"]
    game = keras.models.load_model(run / "model.keras")
    expected = np.rint(np.clip(game.generate(3, seed=5) * 127.5 + 127.5, 0, 255))
    np.testing.assert_allclose([pixels(path) for path in files], expected, atol=1)


def test_samples_do_not_go_among_the_pictures_of_the_training(trained, capsys):
    output = str(trained / "toys")
    assert main(["sample", str(trained / "toys-run"), "-n", "2", "--output", output]) == 2
    assert "trained on the pictures of this folder" in capsys.readouterr().err
    assert not (trained / "toys" / "0000.png").exists()


def test_sample_overwrites_only_where_told(trained, here, capsys):
    run = str(trained / "toys-run")
    assert main(["sample", run, "-n", "2", "--output", "new", "--grid", "--truncate", "0.5"]) == 0
    first = (here / "new" / "grid.png").read_bytes()
    again = ["sample", run, "-n", "2", "--output", "new", "--grid"]
    assert main(again) == 2
    assert "already has grid.png" in capsys.readouterr().err
    assert (here / "new" / "grid.png").read_bytes() == first
    assert main([*again, "--overwrite"]) == 0
    assert (here / "new" / "grid.png").read_bytes() != first


def test_sample_of_a_file_alone_takes_a_range(trained, here):
    """A model whose black is 0 and whose white is 1 has twice the contrast around the middle."""
    (here / "gan.keras").write_bytes((trained / "toys-run" / "model.keras").read_bytes())
    command = ["sample", "gan.keras", "-n", "1"]
    assert main([*command, "--output", "a"]) == 0
    assert main([*command, "--output", "b", "--value-range", "0", "1"]) == 0
    usual, stretched = (pixels(here / name / "0000.png").astype(float) for name in "ab")
    np.testing.assert_allclose(stretched, np.clip(2 * usual - 255, 0, 255), atol=2)


def test_a_model_tells_its_range(trained, here):
    """One model of pictures from 0 to 1, and one that does not tell: its values are from -1 to 1."""
    run = trained / "toys-run"
    game = keras.models.load_model(run / "model.keras", compile=False)
    assert repr(game.normalization) == "Tanh(low=0.0, high=255.0)"
    game.normalization = MinMax(0, 1)
    game.save(here / "gan.keras")
    game.normalization = None
    game.save(here / "silent.keras")
    for model, normalization in (("gan.keras", MinMax(0, 255)), ("silent.keras", Tanh(0, 255))):
        assert main(["sample", model, "-n", "2", "--output", f"of-{model}"]) == 0
        game.normalization = normalization
        pictures = [pixels(path) for path in sorted((here / f"of-{model}").iterdir())]
        np.testing.assert_allclose(
            pictures, game.generate(2, seed=0, normalized=False), atol=1, rtol=0
        )


def test_sample_of_classes(conditional, here, capsys):
    run = str(conditional / "kinds-run")
    assert main(["sample", run, "-n", "4", "--output", "all"]) == 0
    names = sorted(path.name for path in (here / "all").iterdir())
    assert names == ["0000_cats.png", "0001_odd_dogs.png", "0002_cats.png", "0003_odd_dogs.png"]
    assert main(["sample", run, "-n", "1", "--output", "dogs", "--condition", "odd dogs"]) == 0
    assert main(["sample", run, "-n", "1", "--output", "ones", "--condition", "1"]) == 0
    np.testing.assert_array_equal(
        pixels(here / "dogs" / "0000_odd_dogs.png"), pixels(here / "ones" / "0000_odd_dogs.png")
    )
    capsys.readouterr()
    assert main(["sample", run, "--condition", "cows"]) == 2
    assert "Give one of cats, odd dogs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["sample", "nothing"], "no such run"),
        (["sample", "RUN", "--condition", "1"], "this model has no classes"),
        (["sample", "RUN", "--value-range", "1", "0"], "give LOW below HIGH"),
        (["sample", "."], "has no model.keras"),
        (["evaluate", "RUN", "nothing"], "FOLDER nothing does not exist"),
        (["evaluate", "RUN", "few"], "Give at least 8"),
        (["evaluate", "RUN", "few", "--features", "x.keras"], "8"),
        (["export", "nothing", "--format", "litert"], "no such run"),
        (["latent", "interpolate", "nothing", "--output", "x.png"], "nothing"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(trained, here, capsys, command, expected):
    write_pictures(here / "few", 3)
    run = str(trained / "toys-run")
    assert main([run if part == "RUN" else part for part in command]) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"kerasgan {command[0]}: ")
    assert expected in message
    assert message.count("\n") == 1


def test_evaluate_prints_a_table(trained, here, capsys):
    run = str(trained / "toys-run")
    command = ["evaluate", run, str(trained / "toys")]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) < 80
    rows = {line[:20].strip(): line[20:].split() for line in printed.splitlines()[3:-2]}
    assert set(rows) == {"kernel distance", "precision", "recall", "spread"}
    # Noise is far from what a generator makes after three steps, and near to noise.
    generated, real = map(float, rows["kernel distance"][:2])
    assert generated > abs(real)
    assert main(command) == 0
    assert capsys.readouterr().out == printed


def test_evaluate_of_classes(conditional, capsys):
    run, folder = (str(conditional / name) for name in ("kinds-run", "kinds"))
    assert main(["evaluate", run, folder]) == 0
    assert "18 real and 18 generated" in capsys.readouterr().out


def test_export_lies_in_the_run(trained, capsys):
    run = trained / "toys-run"
    assert main(["export", str(run), "--format", "tf_saved_model"]) == 0
    assert (run / "exports" / "saved_model" / "saved_model.pb").is_file()
    assert "generate" in capsys.readouterr().out


def test_latent_tools_take_a_run(trained, here):
    command = ["latent", "interpolate", str(trained / "toys-run"), "--output", "ways.png"]
    assert main([*command, "--rows", "2", "--steps", "3", "--scale", "1"]) == 0
    assert pixels(here / "ways.png").shape[:2] == (2 * 10 + 2, 3 * 10 + 2)


@pytest.mark.parametrize(
    ("raised", "status", "expected"),
    [
        (OSError(28, "No space left on device", "new/0.png"), 1, "new/0.png: No space left"),
        (KeyboardInterrupt(), 130, "Interrupted"),
    ],
)
def test_a_full_disk_and_ctrl_c_leave_no_traceback(monkeypatch, capsys, raised, status, expected):
    def load(*_):
        raise raised

    monkeypatch.setattr("kerasgan.command.sample.load", load)
    assert main(["sample", "anything"]) == status
    assert expected in capsys.readouterr().err


def test_version_and_help(capsys):
    for arguments, expected in ((["--version"], "kerasgan 0."), (["--help"], "kerasgan train")):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0
        assert expected in capsys.readouterr().out


def test_module_is_the_command(monkeypatch, capsys):
    import runpy

    monkeypatch.setattr("sys.argv", ["kerasgan", "train", "nowhere"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("kerasgan", run_name="__main__")
    assert stop.value.code == 2
    assert "FOLDER nowhere does not exist" in capsys.readouterr().err


def test_export_of_the_model_alone_is_small_and_draws_the_same(trained, here):
    run = trained / "toys-run"
    assert main(["export", str(run), "--format", "keras", "--output", "alone.keras"]) == 0
    whole, alone = (keras.models.load_model(path) for path in (run / "model.keras", "alone.keras"))
    np.testing.assert_array_equal(whole.generate(3, seed=5), alone.generate(3, seed=5))
    assert alone.normalization.get_config() == whole.normalization.get_config()
    assert not alone.compiled
    assert (here / "alone.keras").stat().st_size < (run / "model.keras").stat().st_size
    alone.compile()  # and can be trained on


def test_the_model_alone_is_a_keras_file(trained, here, capsys):
    run = str(trained / "toys-run")
    assert main(["export", run, "--format", "keras", "--output", "alone.h5"]) == 2
    assert "give a file that ends in .keras" in capsys.readouterr().err
    assert not list(here.iterdir())
