"""One digit is normal; every score says how well it finds the others."""

from PIL import Image


def test_it_compares_all_scores(run_example):
    arguments = ["--digits", "0", "--rounds", "50", "--output", "out"]
    answer = run_example("anomaly_detection", *arguments)
    assert set(answer["mean_auroc"]) == {
        "ebgan_energy",
        "ganomaly_score",
        "aae_reconstruction_error",
        "pca_residual",
        "one_class_svm",
    }
    # A zero is told from the rest after 50 rounds already; a score that knows nothing has 0.5.
    assert answer["mean_auroc"]["ebgan_energy"] > 0.8
    assert answer["mean_auroc"]["aae_reconstruction_error"] > 0.8
    (picture,) = answer["files"]
    with Image.open(picture) as grid:
        # 16 columns of 8 pixels, enlarged 6 times, with 2 between and around them.
        assert grid.size == (16 * (8 * 6 + 2) + 2, 8 * 6 + 4)
