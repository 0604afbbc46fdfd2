from __future__ import annotations

from PIL import Image


def test_toy_run_beside_linear_maps(run_example, tmp_path):
    arguments = ["--epochs", "2", "--labels", "20", "--output", "out"]
    answer = run_example("variations/dimensionality_reduction", *arguments)
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
