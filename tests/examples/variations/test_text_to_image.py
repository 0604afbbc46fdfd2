import importlib
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import kerasgan

FOLDER = Path(__file__).parents[3] / "examples" / "variations"


@pytest.fixture
def captions(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("captions")


def test_toy_run(run_example, tmp_path):
    answer = run_example("variations/text_to_image", "--rounds", "2", "--output", "out")
    kinds = [(k, n) for k in ("wording", "combination") for n in ("digit", "stroke", "lean")]
    assert all(0 <= answer[f"{kind}_{name}"] <= 1 for kind, name in kinds)
    # A fact of the data. Two rounds teach nothing, which is what chance stands for.
    assert answer["real_digit"] > 0.98
    assert answer["wording_digit"] < 0.5
    assert 0 < answer["variety"] < 1
    with Image.open(tmp_path / "out" / "captions.png") as picture:
        assert picture.size == (320 + 8 * 82 + 2, 10 * 82 + 2)

    words = keras.saving.load_model(tmp_path / "out" / "captions.keras")
    gan = keras.saving.load_model(tmp_path / "out" / "gan.keras")
    assert isinstance(gan, kerasgan.MatchingAwareGAN)
    tokens = words(keras.ops.convert_to_tensor(["a thin seven, leaning right"], "string"))
    assert np.count_nonzero(tokens) == 5
    assert gan.generate(3, condition=np.array(tokens[0], "int32"), seed=0).shape == (3, 8, 8, 1)


@pytest.mark.usefixtures("captions")
def test_plain_is_the_same_game_without_wrong_captions():
    make = importlib.import_module("text_to_image").make
    games = [make((8, 8, 1), 20, 2, plain) for plain in (False, True)]
    assert [type(game) for game in games] == [kerasgan.MatchingAwareGAN, kerasgan.ConditionalGAN]
    assert games[0].count_params() == games[1].count_params()


def test_no_caption_of_training_is_held_out(captions):
    rng = np.random.default_rng(0)
    facts = [[digit, stroke, lean] for digit in range(10) for stroke in (1, 2) for lean in (1, 2)]
    seen = {captions.training_caption(rng, each) for each in facts for _ in range(60)}
    new = captions.held_out_captions(rng)
    assert not seen & (set(new["wording"]) | set(new["combination"]))
    assert len(new["wording"]) > 300
    assert len({tuple(facts) for facts in new["combination"].values()}) == 10
    for kind, is_new in (("wording", False), ("combination", True)):
        assert {captions.is_new_combination(*facts) for facts in new[kind].values()} == {is_new}


def test_the_facts_are_those_of_the_image(captions):
    """A bar of two pixels is bolder than one of one, and one that moves right row by row upwards leans."""
    images = np.full((3, 9, 9, 1), -1.0)
    images[0, :, 4] = 1
    images[1, :, 4:6] = 1
    images[2, np.arange(9), 8 - np.arange(9)] = 1
    (thin, bold, _), (upright, also, right) = captions.ink_and_lean(images)
    np.testing.assert_allclose([thin, bold], [9 / 81, 18 / 81])
    np.testing.assert_allclose([upright, also, right], [0, 0, 1], atol=1e-5)
    many = np.concatenate([images] * 10)
    facts = captions.Facts(many, np.repeat(np.arange(10), 3))
    np.testing.assert_array_equal(facts(images[1:2], np.array([7]))[0, :2], [7, 2])


def test_variety_is_within_a_kind(captions):
    images = np.array([0.0, 2.0, 10.0, 10.0])[:, None, None, None] * np.ones((2, 2, 1))
    # Standard deviations of 1 and 0, whatever there is between the kinds.
    assert captions.variety(images, np.array([[3, 1], [3, 1], [3, 2], [3, 2]])) == 0.5


def test_captions_say_the_facts(captions):
    rng = np.random.default_rng(0)
    said = {captions.caption(rng, 7, 2, 1) for _ in range(200)}
    for text in said:
        assert "seven" in text
        assert any(word in text for word in captions.STROKES[2])
        assert "left" in text
    assert len(said) > 20
    assert {captions.caption(rng, 3, 0, 0) for _ in range(50)} == {
        "a three",
        "the three",
        "a handwritten three",
    }
    assert max(len(text.split()) for text in said) <= captions.LENGTH
