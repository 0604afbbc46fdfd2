from __future__ import annotations

from PIL import Image


def test_toy_run(run_example, tmp_path):
    answer = run_example("variations/progressive", "--size", "toy", "--output", "out")
    assert answer["files"] == [tmp_path / "out/progressive.png"]
    with Image.open(answer["files"][0]) as picture:
        # Four stages, two ends and real images of 32 pixels, enlarged twice, with 2 pixels around.
        assert picture.size == (12 * 66 + 2, 7 * 66 + 2)
    assert answer["rounds"] == 12
    # The other stops after the first execution that ends past the time of the one that grew.
    assert answer["rounds_direct"] >= 1
    assert answer["seconds_direct"] >= answer["seconds"] - 0.1
    assert {"kernel_distance", "frechet_distance"} < set(answer)
    assert {"kernel_distance_direct", "frechet_distance_direct"} < set(answer)
    assert "rounds:" in answer["output"]
