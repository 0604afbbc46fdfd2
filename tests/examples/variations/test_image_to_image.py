import numpy as np
from PIL import Image


def test_toy_run_beside_the_plain_net(run_example, tmp_path):
    answer = run_example("variations/image_to_image", "--size", "toy", "--output", "out")
    assert [file.relative_to(tmp_path).as_posix() for file in answer["files"]] == [
        "out/image_to_image.png"
    ]
    with Image.open(answer["files"][0]) as picture:
        # 4 rows of 16 images of 8 pixels, enlarged 6 times, with 2 pixels between and around them.
        assert picture.size == (16 * 50 + 2, 4 * 50 + 2)
        drawing = np.asarray(picture)[2:50, 2:50]
    assert set(np.unique(drawing)) == {0, 255}
    assert answer["steps"] == 8
    # Eight steps teach little; black pictures would be wrong by 0.61, the mean of these digits.
    assert 0 < answer["plain_error"] < 0.7
    assert 0 < answer["game_error"] < 0.7
    for name in ("plain", "game"):
        assert np.isfinite(answer[f"{name}_kernel_distance"])
        assert f"{answer[f'{name}_error']:.4f}" in answer["output"]
