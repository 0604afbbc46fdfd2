from __future__ import annotations

from PIL import Image

NAME = "variations/dimensionality_reduction"


def test_toy_run_beside_linear_maps(run_example, tmp_path):
    answer = run_example(NAME, "--epochs", "2", "--labels", "20", "--output", "out")
    assert answer["files"] == [tmp_path / "out/dimensionality_reduction.png"]
    with Image.open(answer["files"][0]) as picture:
        assert picture.width == 2 * picture.height
        # Points of ten colors, and not two empty frames.
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 100
    assert answer["labels"] == 20
    # Of 450 test digits nine in ten are wrong by chance; two components know more than that.
    assert 0 < answer["errors"] < 450
    assert 0 < answer["errors_of_principal_components"] < 300
    assert 0 < answer["errors_of_discriminants"] < 450
    assert f"heads and styles {answer['errors']}, principal components" in answer["output"]


def test_help_and_bad_arguments(run_script, tmp_path):
    shown = run_script(NAME, "--help")
    assert shown.returncode == 0
    assert "--labels" in shown.stdout
    for arguments, message in (
        (["--epochs", "0"], "--epochs must be positive"),
        (["--labels", "5"], "`per_class`"),
        (["--data", "nothing.npz"], "--data nothing.npz"),
        (["--data", "gaussian"], "--data gaussian"),
    ):
        refused = run_script(NAME, *arguments)
        assert refused.returncode == 2
        assert message in refused.stderr
        assert "Traceback" not in refused.stderr
    assert not list(tmp_path.iterdir())
