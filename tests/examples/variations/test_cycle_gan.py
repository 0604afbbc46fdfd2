from __future__ import annotations

from PIL import Image


def test_toy_run(run_example, tmp_path):
    answer = run_example("variations/cycle_gan", "--steps", "100", "--output", "out")
    assert answer["files"] == [tmp_path / "out/cycle_gan.png"]
    with Image.open(answer["files"][0]) as picture:
        # 6 rows of 10 digits of 8 pixels, enlarged alike, with 2 pixels between and around them.
        assert (picture.width - 2) % 10 == (picture.height - 2) % 6 == 0
        assert (picture.width - 2) // 10 == (picture.height - 2) // 6
    # What does not depend on training: the judges, and digits in the wrong style, of which they read few.
    for way in ("a_to_b", "b_to_a"):
        assert answer[f"real_{way}"] > 0.9
        assert answer[f"untranslated_{way}"] < 0.3
        assert 0 <= answer[f"translated_{way}"] <= 1
    for domain in "ab":
        assert answer[f"last_cycle_error_{domain}"] < answer[f"first_cycle_error_{domain}"]
    assert "360 held-out digits" in answer["output"]
