"""Speech of espeak-ng as mel spectrograms, and sounds from spectrograms. For `text_to_speech.py`."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from multiprocessing.pool import ThreadPool
from pathlib import Path

import keras
import numpy as np
from keras import ops

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SPEEDS, PITCHES = (150, 175, 200), (30, 50, 70)  # words per minute, and a unit of espeak-ng's own
MANNERS = list(itertools.product(SPEEDS, PITCHES))

# 48 frames, 13 ms apart: 0.61 seconds.
RATE, FRAMES, BANDS, STRIDE, WINDOW = 22_050, 48, 40, 288, 1024
SAMPLES = (FRAMES - 1) * STRIDE
LOWEST, HIGHEST = 20, 8000  # hertz
QUIETEST, LOUDEST = -12.0, 22.0  # decibels, for waves with a peak of 1
MEL = keras.layers.MelSpectrogram(
    fft_length=WINDOW,
    sequence_stride=STRIDE,
    sampling_rate=RATE,
    num_mel_bins=BANDS,
    min_freq=LOWEST,
    max_freq=HIGHEST,
    top_db=200,
    mag_exp=1.0,
)


def is_installed() -> bool:
    """Tells whether espeak-ng is installed."""
    return shutil.which("espeak-ng") is not None


def speech(voices: Sequence[str], file: Path, manners: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the ten words, spoken by every voice at several speeds and pitches.

    Args:
        voices: Names of voices of espeak-ng, such as `"en-us+f2"`.
        file: An .npz file for the speech. If it already holds this speech, it is read.
        manners: The number of pairs of a speed and a pitch, at most 9.

    Returns:
        `(x, said)`. `x` are spectrograms from -1 to 1, `(count, frames, bands)`. `said` are the word, the
        voice and the manner of each, `(count, 3)`.
    """
    said = list(itertools.product(range(len(WORDS)), range(len(voices)), range(manners)))
    wanted = [repr((WORDS[w], voices[v], m)) for w, v, m in said]
    if not (file.exists() and np.array_equal(np.load(file)["said"], wanted)):
        with ThreadPool() as pool:
            waves = pool.starmap(say, [(WORDS[w], voices[v], *MANNERS[m]) for w, v, m in said])
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez_compressed(part, x=spectrograms(np.stack(waves)).astype("float16"), said=wanted)
        os.replace(part, file)
    return np.load(file)["x"].astype("float32"), np.array(said)


def spectrograms(waves: np.ndarray) -> np.ndarray:
    """Returns the spectrograms of waves, from -1 to 1, `(count, frames, bands)`."""
    mel = keras.Sequential([MEL]).predict(waves, batch_size=64, verbose=0)
    x = (np.swapaxes(mel, 1, 2) - QUIETEST) / (LOUDEST - QUIETEST) * 2 - 1
    return np.clip(x, -1, 1)


def say(word: str, voice: str, speed: int, pitch: int) -> np.ndarray:
    """Returns the wave of a word by espeak-ng, from its beginning, with a peak of 1."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        how = ["-v", voice, "-s", str(speed), "-p", str(pitch), "-w", file.name]
        subprocess.run(["espeak-ng", *how, word], check=True)
        with wave.open(file.name) as sound:
            samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype("float32")
    samples /= np.abs(samples).max()
    first = int(np.argmax(np.abs(samples) > 0.02))
    samples = samples[first : first + SAMPLES]
    return np.pad(samples, (0, SAMPLES - len(samples)))


def save_sound(spectrogram: np.ndarray, file: Path, iterations: int = 60) -> Path:
    """Writes a wave with a given spectrogram. Griffin and Lim's algorithm finds the phase."""
    power = 10 ** (((spectrogram + 1) / 2 * (LOUDEST - QUIETEST) + QUIETEST) / 10)
    to_mel = MEL.linear_to_mel_weight_matrix(BANDS, WINDOW // 2 + 1, RATE, LOWEST, HIGHEST)
    size = np.maximum(power @ np.linalg.pinv(to_mel), 0).astype("float32")
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, size.shape).astype("float32")
    for _ in range(iterations):
        parts = (size * np.cos(phase), size * np.sin(phase))
        samples = ops.istft(parts, WINDOW, STRIDE, WINDOW, length=SAMPLES)
        real, imaginary = map(ops.convert_to_numpy, ops.stft(samples, WINDOW, STRIDE, WINDOW))
        phase = np.arctan2(imaginary, real)
    samples = ops.convert_to_numpy(samples)
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes((samples / np.abs(samples).max() * 32_000).astype("<i2").tobytes())
    return file
