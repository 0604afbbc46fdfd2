import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.callbacks import ProgressiveGrowing

pytestmark = pytest.mark.deterministic  # runs are compared bit by bit

X = np.random.default_rng(0).normal(size=(24, 4, 4, 1)).astype("float32")
# Level 0 for 3 rounds, 4 of fading, level 1 for 2, 2 of fading, level 2.
GROWTHS = [0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1.5, 2, 2, 2]


def schedule():
    return ProgressiveGrowing(level_rounds=[3, 2], fade_in_rounds=[4, 2])


def players(levels=(3, 3)):
    sizes = {"filters": 2, "convolutions": 1}
    return (
        kerasgan.networks.ProgressiveGenerator(3, (4, 4, 1), levels=levels[0], **sizes),
        kerasgan.networks.ProgressiveDiscriminator((4, 4, 1), levels=levels[1], **sizes),
    )


def game(**arguments):
    # The names too, since TensorFlow sums some terms in the order of their names.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    gan = kerasgan.GAN(*players())
    gan.compile(generator_ema=0.9, **arguments)
    return gan


def fit(gan, *callbacks, epochs=1):
    """Plays four rounds in an epoch."""
    gan.fit(X, batch_size=6, epochs=epochs, verbose=0, callbacks=[schedule(), *callbacks])


def growths(gan):
    networks = (gan.generator, gan.discriminator, gan.averaged(gan.generator))
    return {network.growth for network in networks}


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_begin(self, logs=None):
        self.seen.append(growths(self.model))

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(growths(self.model))


class Interrupt(keras.callbacks.Callback):
    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_batch_end(self, batch, logs=None):
        self.batches -= 1
        if self.batches == 0:
            raise KeyboardInterrupt


def assert_equal(one, other):
    states = [[*model.variables, *model.optimizer.variables] for model in (one, other)]
    states = [
        [*state, *model.averaged(model.generator).variables]
        for state, model in zip(states, (one, other), strict=True)
    ]
    for first, second in zip(*states, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_schedule():
    assert [schedule().growth_after(rounds, levels=3) for rounds in range(14)] == GROWTHS
    equal = ProgressiveGrowing(2)
    found = [equal.growth_after(rounds, levels=2) for rounds in range(6)]
    assert found == [0, 0, 0, 0.5, 1, 1]
    sudden = ProgressiveGrowing(2, fade_in_rounds=0)
    found = [sudden.growth_after(rounds, levels=3) for rounds in range(6)]
    assert found == [0, 0, 1, 1, 2, 2]
    assert equal.growth_after(0, levels=1) == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run through all growths that nothing disturbed, and what was seen of it and kept on the way."""
    gan, first, second = game(), Recorder(), Recorder()
    fit(gan, first)
    path = tmp_path_factory.mktemp("run") / "gan.keras"
    gan.save(path)
    slots = gan.optimizer["generator"].variables
    before = [slot.numpy() for slot in slots]

    # What is traced from now on would call Python code.
    def traced(*arguments):
        raise RuntimeError("traced anew")

    for player in (gan.generator, gan.discriminator):
        player.grown = traced
    fit(gan, second, epochs=2)
    return {"gan": gan, "path": path, "seen": [first.seen, second.seen], "slots": before}


def test_players_and_averages_grow_together_and_nothing_is_traced_anew(run):
    first, second = run["seen"]
    assert first == [{growth} for growth in GROWTHS[:5]]
    assert second == [{growth} for growth in GROWTHS[4:13]]


def test_optimizers_keep_the_slots_of_layers_that_stay(run):
    slots = run["gan"].optimizer["generator"].variables
    assert len(slots) == len(run["slots"])
    velocities = 0
    for slot, before in zip(slots, run["slots"], strict=True):
        if "velocity" in slot.path and before.any():
            # `v = beta_2 v + (1 - beta_2) g^2`, eight times over: forgotten, it would be far less.
            assert (slot.numpy() >= before * (0.999**8 - 1e-4)).all(), slot.path
            velocities += 1
    # At level 0: a dense layer, its convolution, a gain after each, and the one that makes samples.
    assert velocities == 8
    assert int(run["gan"].optimizer.iterations) == 12


@pytest.mark.slow
def test_a_loaded_run_goes_on_in_the_middle_of_a_fade_in(run):
    loaded, recorder = keras.models.load_model(run["path"]), Recorder()
    assert growths(loaded) == {0.25}
    fit(loaded, recorder, epochs=2)
    assert recorder.seen == run["seen"][1]
    assert_equal(loaded, run["gan"])


@pytest.mark.parametrize("rounds", [6])
@pytest.mark.slow
def test_a_run_that_is_interrupted_in_a_fade_in_ends_with_the_same_bits(run, rounds, tmp_path):
    keeper = kerasgan.callbacks.BackupAndRestore(tmp_path, save_freq=1)
    with pytest.raises(KeyboardInterrupt):
        fit(game(), keeper, Interrupt(rounds), epochs=3)
    resumed, recorder = game(), Recorder()
    fit(resumed, keeper, recorder, epochs=3)
    assert recorder.seen[-1] == {2.0}
    assert_equal(resumed, run["gan"])


@pytest.mark.slow
def test_several_rounds_in_one_execution():
    gan, recorder = game(steps_per_execution=3), Recorder()
    fit(gan, recorder, epochs=2)
    # Four rounds are an execution of three and one of a single round.
    assert recorder.seen == [{GROWTHS[rounds]} for rounds in (0, 3, 4, 7, 8)]


@pytest.mark.slow
def test_growth_counts_rounds_where_an_optimizer_gathers_gradients(tmp_path):
    adam = keras.optimizers.Adam(1e-3, gradient_accumulation_steps=2)
    gan, recorder = game(generator_optimizer=adam), Recorder()
    fit(gan, recorder)
    assert recorder.seen == [{growth} for growth in GROWTHS[:5]]
    assert (gan.optimizer.rounds, int(gan.optimizer.iterations)) == (4, 2)
    gan.save(tmp_path / "gan.keras")
    assert keras.models.load_model(tmp_path / "gan.keras").optimizer.rounds == 4


def started(callback, *networks):
    gan = kerasgan.GAN(*networks)
    gan.compile()
    callback.set_model(gan)
    callback.on_train_begin()


def test_players_that_cannot_grow():
    plain = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()], name="plain")
    with pytest.raises(ValueError, match="players that can grow.*'plain' of type Sequential"):
        started(schedule(), players()[0], plain)
    with pytest.raises(ValueError, match="equal numbers.*'discriminator': 2, 'generator': 3"):
        started(schedule(), *players(levels=(3, 2)))
    callback = schedule()
    callback.set_model(plain)
    with pytest.raises(TypeError, match="`ProgressiveGrowing` needs a kerasgan model.*`turns`"):
        callback.on_train_begin()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level_rounds": 0}, "`level_rounds`"),
        ({"level_rounds": [3, -1]}, "`level_rounds`"),
        ({"level_rounds": "12"}, "`level_rounds`"),
        ({"level_rounds": 2, "fade_in_rounds": -1}, "`fade_in_rounds`"),
        ({"level_rounds": 2, "fade_in_rounds": [1, 0.5]}, "`fade_in_rounds`"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ProgressiveGrowing(**arguments)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"level_rounds": [3]}, "level_rounds"),
        ({"level_rounds": 3, "fade_in_rounds": [1, 2, 3]}, "fade_in_rounds"),
    ],
)
def test_a_schedule_for_another_number_of_levels(arguments, name):
    with pytest.raises(ValueError, match=f"`{name}`.*an integer, or 2 for 3 levels"):
        started(ProgressiveGrowing(**arguments), *players())
