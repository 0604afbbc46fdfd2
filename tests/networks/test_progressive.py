import collections

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.networks import ProgressiveDiscriminator, ProgressiveGenerator

SHAPE = (8, 8, 2)
Z = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
X = np.random.default_rng(1).normal(size=(8, *SHAPE)).astype("float32")
SMALL = {"levels": 3, "filters": 2, "convolutions": 1}


def generator(**arguments):
    return ProgressiveGenerator(3, SHAPE, **{**SMALL, **arguments})


def discriminator(**arguments):
    return ProgressiveDiscriminator(SHAPE, **{**SMALL, **arguments})


def at(growth, network, inputs):
    network.growth = growth
    return keras.ops.convert_to_numpy(network(inputs))


def means(images, factor):
    count, height, width, channels = images.shape
    shape = (count, height // factor, factor, width // factor, factor, channels)
    return images.reshape(shape).mean(axis=(2, 4))


def blown_up(images, factor):
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def test_a_new_network_is_the_plain_stack():
    network = generator(convolutions=2)
    x = network.blocks[0](Z)
    for block in network.blocks[1:]:
        x = block(keras.layers.UpSampling2D()(x))
    assert network.growth == 2
    np.testing.assert_allclose(network(Z), network.to_sample[2](x), rtol=1e-5, atol=1e-6)

    network = discriminator(convolutions=2)
    x = network.from_sample[2](X)
    for block in network.blocks[::-1]:
        x = block(x)
    np.testing.assert_allclose(network(X), x, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("growth", "old", "new", "share"), [(0.25, 0, 1, 0.25), (1.3, 1, 2, 0.3)])
def test_a_fade_in_blends_the_samples_of_two_levels(growth, old, new, share):
    network = generator()
    expected = share * at(new, network, Z) + (1 - share) * at(old, network, Z)
    np.testing.assert_allclose(at(growth, network, Z), expected, rtol=1e-5, atol=1e-6)
    assert not np.allclose(at(new, network, Z), at(old, network, Z), atol=0.01)


@pytest.mark.parametrize("level", [1, 2])
def test_a_fade_in_blends_the_features_of_two_levels(level):
    network = discriminator()
    share, factor = 0.3, 2 ** (2 - level)
    seen = means(X, factor)
    new = network.blocks[level](network.from_sample[level](seen))
    features = share * new + (1 - share) * network.from_sample[level - 1](means(seen, 2))
    for block in network.blocks[level - 1 :: -1]:
        features = block(features)
    score = at(level - 1 + share, network, X)
    np.testing.assert_allclose(score, features, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("level", [0, 1])
def test_a_level_knows_no_finer_detail(level):
    factor = 2 ** (2 - level)
    samples = at(level, generator(), Z)
    assert samples.shape == (5, *SHAPE)
    np.testing.assert_array_equal(samples, blown_up(samples[:, ::factor, ::factor], factor))

    network = discriminator()
    detail = X - blown_up(means(X, factor), factor)
    plain, detailed = at(level, network, X), at(level, network, X + 10 * detail)
    np.testing.assert_allclose(plain, detailed, rtol=1e-3, atol=1e-4)
    assert not np.allclose(at(level + 1, network, X + 10 * detail), at(level + 1, network, X))


@pytest.mark.parametrize("growth", [0, 1, 1.3, 2])
def test_the_grown_model_is_the_same_without_branches(growth):
    for network, inputs in ((generator(), Z), (discriminator(), X)):
        expected = at(growth, network, inputs)
        plain = network.grown_model()
        np.testing.assert_allclose(plain(inputs), expected, rtol=1e-5, atol=1e-6)
        assert {id(w) for w in plain.weights} <= {id(w) for w in network.weights}


def game(players, prior=None, **arguments):
    gan = kerasgan.GAN(*players, prior=prior, seed=0)
    gan.compile(**arguments)
    return gan


@pytest.fixture(scope="module")
def traced():
    """A game, traced once, and every number of it before the first round."""
    keras.utils.set_random_seed(0)
    gan = game(
        [generator(), discriminator()],
        generator_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9),
        discriminator_optimizer=keras.optimizers.AdamW(0.01, weight_decay=0.1),
    )
    return gan, [keras.ops.convert_to_numpy(variable) for variable in gan.state()]


@pytest.fixture
def gan(traced):
    gan, start = traced
    for variable, value in zip(gan.state(), start, strict=True):
        variable.assign(value)
    return gan


def play(gan, growth, rounds=1):
    """Returns all weights before and after, by player and part: `level_0`, `sample_0` and so on."""
    gan.generator.growth = gan.discriminator.growth = growth
    players = {"generator": gan.generator, "discriminator": gan.discriminator}
    weights = collections.defaultdict(list)
    for name, player in players.items():
        for weight in player.weights:
            weights[name, weight.path.split("/")[0]].append(weight)
    before = {part: [weight.numpy() for weight in each] for part, each in weights.items()}
    for _ in range(rounds):
        gan.train_on_batch(X)
    moves = {}
    for part, each in weights.items():
        after = [weight.numpy() for weight in each]
        moves[part] = list(zip(before[part], after, strict=True))
    return moves


@pytest.mark.parametrize(
    ("growth", "levels", "samples"),
    [(0, [0], [0]), (0.5, [0, 1], [0, 1]), (1, [0, 1], [1]), (1.3, [0, 1, 2], [1, 2])],
)
def test_blocks_that_are_not_in_use_get_gradients_of_zero(gan, growth, levels, samples):
    used = {f"level_{level}" for level in levels} | {f"sample_{level}" for level in samples}
    parts = {f"{kind}_{level}" for kind in ("level", "sample") for level in range(3)}
    moves = play(gan, growth, rounds=2)
    for part in parts:
        # Adam leaves them where they are; weight decay shrinks them, and that is all that it does.
        kept = {"generator": 1.0, "discriminator": (1 - 0.01 * 0.1) ** 2}
        for player, factor in kept.items():
            as_kept = [
                np.allclose(new, factor * old, rtol=1e-6, atol=0)
                for old, new in moves[player, part]
            ]
            assert all(as_kept) if part not in used else not any(as_kept), (player, part)
    assert gan.generator.growth == gan.discriminator.growth == growth


def test_the_first_step_of_a_late_block_is_as_long_as_documented(gan):
    play(gan, 0, rounds=60)
    (before, after), _ = play(gan, 1)["generator", "sample_1"]
    # (1 - beta_1) / sqrt(1 - beta_2) learning rates; 0.9^61, what is left of the correction, is 0.0016.
    np.testing.assert_allclose(np.abs(after - before), 1e-3 / np.sqrt(0.1), rtol=0.01)


def no_noise(shape, seed=None):
    numbers = keras.ops.arange(shape[0] * shape[1])
    return keras.ops.reshape(keras.ops.cos(keras.ops.cast(numbers, "float32")), shape)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_through_the_branches_are_those_of_the_plain_network(jit_compile):
    """In a graph, with the second derivatives that a penalty takes, and under XLA."""
    results = []
    for is_plain in (False, True):
        keras.utils.set_random_seed(0)
        players = generator(levels=2), discriminator(levels=2)
        for player in players:
            player.growth = 0.3
        plain = [player.grown_model() for player in players]
        gan = game(
            plain if is_plain else players,
            generator_optimizer=keras.optimizers.SGD(0.1),
            discriminator_optimizer=keras.optimizers.SGD(0.1),
            prior=kerasgan.priors.FunctionPrior(no_noise, shape=3),  # of which XLA draws other
            penalties=[] if jit_compile else ["r1"],  # XLA takes long to compile them
            jit_compile=jit_compile and not is_plain,
            run_eagerly=is_plain,
        )
        weights = [weight for model in plain for weight in model.weights]
        before = [weight.numpy() for weight in weights]
        gan.train_on_batch(X)
        results.append([weight.numpy() - old for weight, old in zip(weights, before, strict=True)])
    for ours, theirs in zip(*results, strict=True):
        assert np.abs(theirs).max() > 0
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_exports(tmp_path):
    tf = pytest.importorskip("tensorflow")
    two = {"levels": 2}
    gan = game([generator(**two), discriminator(**two)])
    gan.generator.growth = gan.discriminator.growth = 0.3
    gan.export(tmp_path / "saved_model", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "saved_model"))
    np.testing.assert_allclose(loaded.serve(Z), gan.generator(Z), rtol=1e-5, atol=1e-6)

    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    # ONNX has no such branches.
    plain = game([gan.generator.grown_model(), gan.discriminator.grown_model()])
    plain.export(tmp_path / "generator.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(
        tmp_path / "generator.onnx", providers=["CPUExecutionProvider"]
    )
    (samples,) = session.run(None, {session.get_inputs()[0].name: Z})
    np.testing.assert_allclose(samples, gan.generator(Z), rtol=1e-4, atol=1e-5)


@pytest.mark.deterministic
def test_growth_is_saved(tmp_path):
    for network, inputs in ((generator(), Z), (discriminator(), X)):
        expected = at(1.3, network, inputs)
        network.save(tmp_path / "network.keras")
        loaded = keras.models.load_model(tmp_path / "network.keras")
        assert loaded.growth == 1.3
        np.testing.assert_array_equal(loaded(inputs), expected)


@pytest.mark.parametrize("growth", [0, 0.5, 2])
def test_mixed_precision(growth):
    for network, inputs in ((generator, Z), (discriminator, X)):
        mixed = network(dtype="mixed_bfloat16")
        plain = network()
        plain.set_weights(mixed.get_weights())
        output = at(growth, mixed, inputs)
        assert output.dtype == "float32"
        # bfloat16 has eight bits, of which a few layers cost some.
        np.testing.assert_allclose(output, at(growth, plain, inputs), atol=0.1)


@pytest.mark.parametrize("growth", [-0.1, 2.001, "1", None, np.nan, True])
def test_growth_out_of_range(growth):
    network = generator()
    with pytest.raises(ValueError, match=r"`growth`.*in \[0, 2\].*'generator'"):
        network.growth = growth
    assert network.growth == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"levels": 0}, "`levels`"),
        ({"levels": 5}, "`sample_shape`.*that 16 divides, for 5 levels"),
        ({"filters": 0}, "`filters`"),
        ({"filters": [2, 2]}, "`filters`.*3 for 3 levels"),
        ({"filters": [2, 2, 0.5]}, "`filters`"),
        ({"convolutions": 0}, "`convolutions`"),
    ],
)
def test_bad_arguments(arguments, message):
    for network in (generator, discriminator):
        with pytest.raises(ValueError, match=message):
            network(**arguments)
