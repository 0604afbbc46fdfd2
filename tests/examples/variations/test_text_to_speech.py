import importlib
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from programs import program

FOLDER = Path(__file__).parents[3] / "examples" / "variations"


@pytest.fixture
def espeak():
    """The synthesizer."""
    return program("espeak-ng")


@pytest.fixture
def speech(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("speech")


@pytest.mark.usefixtures("espeak")
def test_toy_run(run_example, tmp_path):
    answer = run_example("variations/text_to_speech", "--size", "toy", "--output", "out")
    # A fact of the data: two voices are understood by who has heard two others.
    assert answer["real"] > 0.5
    # Two rounds teach next to nothing: another speed and pitch of the voice are nearer than that.
    assert 0 <= answer["generated"] < 0.6
    assert 0 <= answer["generated_new"] < 0.6
    assert 0 < answer["distance_other"] < answer["distance_new"]
    assert "generated speech: " in answer["output"]
    with Image.open(tmp_path / "out" / "spectrograms.png") as picture:
        assert picture.size == (10 * (2 * 48 + 2) + 2, 2 * (2 * 40 + 2) + 2)
    with wave.open(str(tmp_path / "out" / "wav" / "seven_real.wav")) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (22_050, 47 * 288)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        assert np.abs(samples).max() == 32_000


@pytest.mark.usefixtures("espeak")
def test_speech_is_kept_and_made_anew_for_other_voices(speech, tmp_path):
    file = tmp_path / "new" / "speech.npz"
    x, said = speech.speech(["en+m3"], file, manners=1)
    assert x.shape == (10, speech.FRAMES, speech.BANDS)
    assert said.tolist() == [[word, 0, 0] for word in range(10)]
    assert np.abs(x).max() <= 1
    assert x.std(axis=(1, 2)).min() > 0.2
    written = file.stat().st_mtime_ns
    np.testing.assert_array_equal(speech.speech(["en+m3"], file, manners=1)[0], x)
    assert file.stat().st_mtime_ns == written
    other = speech.speech(["en-us+f3"], file, manners=1)[0]
    assert not np.array_equal(other, x)
    assert [path.name for path in file.parent.iterdir()] == ["speech.npz"]


@pytest.mark.usefixtures("espeak")
def test_a_sound_has_the_spectrogram_that_it_was_made_from(speech, tmp_path):
    samples = speech.say("seven", "en+m3", 175, 50)
    assert samples.shape == (speech.SAMPLES,)
    x = speech.spectrograms(samples[None])[0]
    file = speech.save_sound(x, tmp_path / "wav" / "seven.wav")
    with wave.open(str(file)) as sound:
        heard = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32_000
    again = speech.spectrograms(heard[None].astype("float32"))[0]
    # The peak of the wave is set anew, which moves all by one number of decibels.
    loud = x > -0.5
    difference = again[loud] - x[loud]
    assert np.abs(difference - np.median(difference)).mean() < 0.1


@pytest.mark.usefixtures("speech")
def test_tokens_are_the_voice_the_manner_and_the_characters():
    script = importlib.import_module("text_to_speech")
    tokens = script.tokens(np.array([[7, 1, 3], [6, 0, 0]]))
    said = [[script.SYMBOLS[token] for token in row] for row in tokens]
    assert said == [["en+m3", "175", "30", *"seven"], ["en+m1", "150", "30", *"six", "", ""]]


@pytest.mark.usefixtures("speech")
def test_without_the_synthesizer_it_says_what_is_missing(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["text_to_speech.py"])
    with pytest.raises(SystemExit) as refused:
        importlib.import_module("text_to_speech").main()
    assert refused.value.code == 2
    assert "espeak-ng is not installed" in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.iterdir())
