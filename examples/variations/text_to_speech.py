"""Speaks a written word: from characters to a spectrogram and a sound (GAN-TTS, Binkowski et al. 2020).

    python examples/variations/text_to_speech.py

The real speech comes from the synthesizer espeak-ng (`speech.py`), which must be installed. 16 voices say
"zero" to "nine" at three speeds and three pitches. The model learns eight of the voices. For each voice, one
pair of speed and pitch is held out. The generator reads the voice, the speed, the pitch and the characters. A
random-window discriminator judges short and long pieces of the spectrogram, alone and together with the text.
Nothing is compared with the right spectrogram.

Then a recognizer writes down what it hears (chance: 10 %). It is trained on real speech of the other eight
voices. So all voices that it judges are new to it, real and generated. Speech in the held-out pairs is also
compared with the real spectrograms. Ten words are too few to learn to read, so the generator can say no other
words.

`spectrograms.png` shows real speech above generated speech, in a held-out pair of speed and pitch. `wav/` has
the sounds. They go to `outputs/text_to_speech` in the current directory, or to `--output DIRECTORY`. The same
folder gets `gan.keras`, and the real speech for the next run, `learned.npz` and `others.npz`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers
from speech import BANDS, FRAMES, MANNERS, PITCHES, SPEEDS, WORDS, is_installed, save_sound, speech

import kerasgan

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where `command_line.py` is
import command_line

with command_line.extra("examples"):
    from sklearn.linear_model import LogisticRegression

LEARNT = [f"{a}+{v}" for a in ("en", "en-us") for v in ("m1", "m3", "f2", "f4")]
OTHERS = [f"{a}+{v}" for a in ("en", "en-us") for v in ("m2", "m4", "m7", "f3")]
SYMBOLS = ["", *sorted(set("".join(WORDS))), *LEARNT, *map(str, SPEEDS + PITCHES)]
LENGTH, LATENT, BATCH_SIZE = 8, 16, 60


def tokens(said: np.ndarray) -> np.ndarray:
    """Returns voice, speed, pitch and characters of each word as integers. 0 is padding."""
    rows = [[LEARNT[v], *map(str, MANNERS[m]), *WORDS[w], "", ""][:LENGTH] for w, v, m in said]
    return np.array([[SYMBOLS.index(symbol) for symbol in row] for row in rows], "int32")


def make(rounds: int) -> kerasgan.ConditionalGAN:
    """Returns the compiled game: a generator that reads, and a discriminator of random windows."""
    vocabulary = len(SYMBOLS)
    latent, text = keras.Input((LATENT,)), keras.Input((LENGTH,), dtype="int32")
    read = kerasgan.networks.text_encoder(LENGTH, vocabulary, return_sequences=True)(text)
    plan = layers.Concatenate()([latent, layers.Flatten()(read)])
    x = layers.Reshape((FRAMES // 4, 128))(layers.Dense(FRAMES // 4 * 128)(plan))
    # Each moment attends to the characters that it should sound like.
    x = layers.Add()([x, layers.MultiHeadAttention(4, 32)(x, read)])
    for filters in (128, 64):
        x = layers.ReLU()(layers.Conv1DTranspose(filters, 4, strides=2, padding="same")(x))
    x = layers.Conv1D(BANDS, 5, padding="same", activation="tanh")(x)
    gan = kerasgan.ConditionalGAN(
        generator=keras.Model([latent, text], x),
        discriminator=kerasgan.networks.random_window_discriminator(
            (FRAMES, BANDS),
            windows=[12, 24, FRAMES],
            condition_encoder=kerasgan.networks.text_encoder(LENGTH, vocabulary),
            filters=48,
        ),
    )
    rate = keras.optimizers.schedules.CosineDecay(1e-3, rounds)
    # The penalties take the sum of the scores. For their mean, divide the weight by their number squared.
    weight = 0.1 / gan.discriminator.output_shape[-1] ** 2
    gan.compile(
        generator_optimizer=keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99),
        discriminator_optimizer=keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99),
        loss="relativistic",
        penalties=[kerasgan.penalties.R1(weight), kerasgan.penalties.R2(weight)],
        generator_ema=0.995,
    )
    return gan


def main() -> None:
    """Makes speech, trains, measures what was learned, and draws."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument("--rounds", type=int, help="number of rounds (default: 1000)")
    command_line.add_common_options(parser, toy="two voices", output="outputs/text_to_speech")
    options = parser.parse_args()
    toy = options.size == "toy"
    rounds = options.rounds or (2 if toy else 1000)
    command_line.require_positive(parser, rounds=options.rounds)
    if not is_installed():
        parser.error("espeak-ng is not installed. Try `apt-get install espeak-ng`")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    speakers, manners = (2, 2) if toy else (8, 9)
    x, said = speech(LEARNT[:speakers], options.output / "learned.npz", manners)
    others, their_words = speech(OTHERS[:speakers], options.output / "others.npz", manners)
    text = tokens(said)
    new = said[:, 1] == said[:, 2]  # manner 0 is held out for voice 0, and so on

    gan = make(rounds)
    rows = np.resize(np.random.permutation(np.flatnonzero(~new)), BATCH_SIZE * min(100, rounds))
    gan.fit(x[rows], text[rows], batch_size=BATCH_SIZE, epochs=-(-rounds // 100), verbose=2)

    recognizer = LogisticRegression(C=0.01, max_iter=300)
    recognizer.fit(others.reshape(len(others), -1), their_words[:, 0])
    spoken = gan.generate(len(x), condition=text, seed=1)
    understood = recognizer.predict(spoken.reshape(len(x), -1)) == said[:, 0]
    # Each voice says each word in all manners in order. One manner is held out.
    pairs = x.reshape(-1, manners, x[0].size) - x[new].reshape(-1, 1, x[0].size)
    figures = {
        "real": recognizer.score(x.reshape(len(x), -1), said[:, 0]),
        "generated": understood[~new].mean(),
        "generated_new": understood[new].mean(),
        "distance_new": np.abs(spoken[new] - x[new]).mean(),
        "distance_other": np.abs(pairs).mean() * manners / (manners - 1),
    }
    print(
        "\nWords that the recognizer hears right, of voices that are new to it:"
        "\n  real speech:      {real:.1%}"
        "\n  generated speech: {generated:.1%}, and {generated_new:.1%} in new speeds and pitches"
        "\nDistance of the latter from the real speech: {distance_new:.3f}"
        "\nDistance between real speech of a voice there and elsewhere: {distance_other:.3f}\n".format(
            **figures
        )
    )

    first = np.flatnonzero(new)[::speakers]
    both = np.concatenate([x[first], spoken[first]])
    grid = kerasgan.callbacks.image_grid(both.swapaxes(1, 2)[:, ::-1], rows=2, scale=2)
    files = [kerasgan.callbacks.save_image(grid, options.output / "spectrograms.png")]
    for row, spectrogram in enumerate(both):
        name = f"{WORDS[row % 10]}_{'generated' if row >= 10 else 'real'}.wav"
        files.append(save_sound(spectrogram, options.output / "wav" / name, 2 if toy else 60))
    gan.save(options.output / "gan.keras")
    answer = {
        "seed": options.seed,
        "rounds": rounds,
        **{name: round(float(figure), 4) for name, figure in figures.items()},
    }
    command_line.print_answer(answer, files, start)


if __name__ == "__main__":
    main()
