import numpy as np
from PIL import Image


def test_toy_run_changes_no_known_pixel(run_example):
    answer = run_example("variations/inpainting", "--size", "toy", "--output", "out")
    assert answer["known_pixels_changed"] == 0
    assert "Known pixels that changed: 0" in answer["output"]
    # Facts of the data: whole digits are read, holes cost much.
    accuracies = answer["accuracies"]
    assert set(accuracies) == {"mean", "regression", "game", "whole"}
    assert accuracies["whole"] > 0.85
    assert accuracies["mean"] < accuracies["whole"] - 0.1
    with Image.open(answer["files"][0]) as picture:
        assert picture.size == (16 * 50 + 2, 5 * 50 + 2)
        cells = np.asarray(picture)[2:, 2:].reshape(5, 50, 16, 50).swapaxes(1, 2)[:, :, :48, :48]
    holed, *completed, whole = cells
    gray = holed == 128  # 0 in the holes; digits of 17 gray values have none there
    assert 0.2 < gray.mean() < 0.35
    for images in completed:
        np.testing.assert_array_equal(images[~gray], whole[~gray])
