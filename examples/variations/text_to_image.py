"""Draws what a caption says: "a thin three, leaning right" (Reed et al. 2016).

    python examples/variations/text_to_image.py
    python examples/variations/text_to_image.py --data mnist

Captions are made from measurements of real digits (`captions.py`): the digit, whether it is thin or bold for
its class, and whether it leans. The wordings vary, and a caption need not state every fact. A quarter of the
wordings, and one combination of stroke and lean for each digit, are held out of training. A
`MatchingAwareGAN` learns to draw from the other captions. Then it draws from the captions that were held out,
and the script measures:

    digit    Is it the digit of its caption? An SVM that is trained on real digits decides. (Chance: 10 %)
    stroke   If the caption says thin or bold: is it, by the measure of the real digits? (Chance: 33 %)
    lean     The same for the lean.

`--plain` trains without wrong captions: a `ConditionalGAN` of the same networks.

`captions.png`, `gan.keras`, and `captions.keras`, which turns strings into tokens, go to
`outputs/text_to_image` in the current directory, or to `--output DIRECTORY`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import keras
import numpy as np
from captions import LENGTH, Facts, draw, held_out_captions, training_caption, variety
from keras import layers

import kerasgan

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where `command_line.py` is
import command_line

with command_line.extra("examples"):
    from sklearn.svm import SVC

LATENT, BATCH_SIZE = 64, 64


def make(shape: tuple[int, ...], vocabulary: int, rounds: int, plain: bool) -> kerasgan.GAN:
    """Returns the compiled game. Each network has its own text encoder."""

    def encoded(tokens: keras.KerasTensor) -> keras.KerasTensor:
        return kerasgan.networks.text_encoder(LENGTH, vocabulary)(tokens)

    latent, image = keras.Input((LATENT,)), keras.Input(shape)
    tokens = keras.Input((LENGTH,), dtype="int32")
    plan = layers.Concatenate()([latent, encoded(tokens)])
    painter = kerasgan.networks.dcgan_generator(plan.shape[-1], shape, 32, normalization=None)
    x = image
    for filters in (32, 64) if shape[0] < 16 else (32, 64, 128):
        x = layers.Conv2D(filters, 4, strides=2, padding="same", activation="leaky_relu")(x)
    x = layers.Flatten()(x)
    # How well the image matches the words. How real it is, is added below.
    match = layers.Dot(axes=1)([x, layers.Dense(x.shape[-1])(encoded(tokens))])
    game = kerasgan.ConditionalGAN if plain else kerasgan.MatchingAwareGAN
    gan = game(
        generator=keras.Model([latent, tokens], painter(plan)),
        discriminator=keras.Model([image, tokens], layers.Add()([layers.Dense(1)(x), match])),
    )
    rate = keras.optimizers.schedules.CosineDecay(2e-3, rounds)
    gan.compile(
        generator_optimizer=keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99),
        discriminator_optimizer=keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99),
        loss="relativistic",
        penalties=[kerasgan.penalties.R1(0.05), kerasgan.penalties.R2(0.05)],
        generator_ema=0.999,
    )
    return gan


def main() -> None:
    """Makes captions, trains, and measures drawings of new captions."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--data", default="digits", metavar="digits|mnist|FILE.npz", help="default: digits"
    )
    parser.add_argument("--plain", action="store_true", help="train without wrong captions")
    parser.add_argument("--rounds", type=int, default=2500, help="number of rounds (default: 2500)")
    command_line.add_common_options(parser, output="outputs/text_to_image")
    options = parser.parse_args()
    command_line.require_positive(parser, rounds=options.rounds)
    with command_line.errors_of(parser, f"--data {options.data}"):
        data = command_line.load_with_test_images(options.data, test_fraction=0.2)
        if data.y is None or data.x_test is None or data.number_of_classes != 10:
            raise ValueError("labeled images of ten digits and labeled test images are needed")

    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    rows = np.resize(rng.permutation(len(data)), max(len(data), 12_000))
    rows = rows[: BATCH_SIZE * options.rounds]
    facts = Facts(data.x, data.y)
    texts = [training_caption(rng, each) for each in facts(data.x[rows], data.y[rows])]
    vectorize = layers.TextVectorization(output_sequence_length=LENGTH)
    vectorize.adapt(texts)
    words = keras.Sequential([keras.Input((), dtype="string"), vectorize])

    def tokens(texts: list[str]) -> np.ndarray:
        strings = keras.ops.convert_to_tensor(texts, "string")
        return words.predict(strings, batch_size=1024, verbose=0).astype("int32")

    gan = make(data.sample_shape, vectorize.vocabulary_size(), options.rounds, options.plain)
    epochs = -(-options.rounds // (len(rows) // BATCH_SIZE))
    gan.fit(data.x[rows], tokens(texts), batch_size=BATCH_SIZE, epochs=epochs, verbose=2)

    some = data.x[:10_000]
    judge = SVC(C=5).fit(some.reshape(len(some), -1), data.y[: len(some)])
    real = judge.score(data.x_test.reshape(len(data.x_test), -1), data.y_test)
    print(f"\nThe SVM is right about {real:.1%} of {len(data.x_test):,} real test digits.")
    answer: dict = {"seed": options.seed, "rounds": options.rounds, "real_digit": round(real, 4)}
    held_out = held_out_captions(rng)
    for kind, wanted in held_out.items():
        said = np.array(list(wanted.values()))
        drawn = gan.generate(len(said), condition=tokens(list(wanted)), seed=1)
        agrees = facts(drawn, said[:, 0]) == said
        agrees[:, 0] = judge.predict(drawn.reshape(len(drawn), -1)) == said[:, 0]
        for column, name in enumerate(("digit", "stroke", "lean")):
            share = agrees[(said[:, column] > 0) | (column == 0), column].mean()
            answer[f"{kind}_{name}"] = round(float(share), 4)
            print(f"New {kind}: {share:.1%} of the drawings have the {name} of their caption.")

    # For each digit, a new wording of all three facts is drawn eight times.
    full = {text: said for text, said in held_out["wording"].items() if all(said[1:])}
    shown = [str(rng.choice([text for text in full if full[text][0] == d])) for d in range(10)]
    kinds = np.repeat([full[text] for text in shown], 8, axis=0)
    drawn = gan.generate(len(kinds), condition=np.repeat(tokens(shown), 8, axis=0), seed=2)
    theirs = facts(data.x, data.y)
    same = (theirs[:, None] == kinds).all(axis=2).any(axis=1)
    answer["variety"] = round(variety(drawn, kinds), 3)
    answer["real_variety"] = round(variety(data.x[same], theirs[same]), 3)
    print("Variety within a caption: {variety}; of real digits: {real_variety}".format(**answer))

    files = [draw(drawn, shown, options.output / "captions.png")]
    files += [options.output / name for name in ("gan.keras", "captions.keras")]
    gan.save(files[1])
    words.save(files[2])
    command_line.print_answer(answer, files, start)


if __name__ == "__main__":
    main()
