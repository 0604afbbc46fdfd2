"""What the diagnosis sees in made-up logs and samples, whose truth is known, and when it says so."""

import ast
import importlib
import inspect
import json
import logging
import operator
import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.callbacks import Diagnosis, _diagnosis_updates
from kerasgan.callbacks._diagnosis_samples import Cells, Copies, moved
from kerasgan.callbacks._diagnosis_signs import SIGNS, line

BALANCE = {
    "discriminator": {
        "discriminator_loss": 1.0, "real_probability": 0.6, "fake_probability": 0.4,
    },
    "generator": {"generator_loss": -np.log(0.4), "generator_probability": 0.4},
}  # fmt: skip


def logs(**values):
    """What a game in balance logs, but for some values."""
    return {
        turn: {name: values.get(name, value) for name, value in quantities.items()}
        for turn, quantities in BALANCE.items()
    }


class Scripted(keras.Model):
    """Logs ten rounds of what the script says of an epoch, and generates its samples."""

    conditional = False

    def __init__(self, script, samples):
        super().__init__()
        self.script, self.samples = script, samples
        self.epoch = 0
        self.conditions = []

    def updates_since(self, cursor):
        if cursor is None:
            return {}, 0
        updates = {
            turn: {name: np.broadcast_to(value, 10) for name, value in quantities.items()}
            for turn, quantities in self.script[self.epoch].items()
        }
        return updates, cursor + 10

    def generate(self, count, condition=None, seed=None):
        self.conditions.append(condition)
        samples = self.samples[min(self.epoch, len(self.samples) - 1)]
        return np.resize(samples, (count, samples.shape[1]))


def diagnose(script, generated=(), model=Scripted, **options):
    """Returns the diagnosis of a script with a line for each epoch, and checks after each."""
    diagnosis = Diagnosis(**{"rounds": 10, "patience": 2, **options})
    model = model(script, generated)
    model.conditional = options.get("condition") is not None
    diagnosis.set_model(model)
    diagnosis.on_train_begin()
    for epoch in range(len(script)):
        model.epoch = epoch
        diagnosis.on_epoch_begin(epoch)
        diagnosis.on_train_batch_end(0)
        diagnosis.on_epoch_end(epoch)
    return diagnosis


def found(diagnosis):
    return [(finding["epoch"], finding["kind"]) for finding in diagnosis.findings]


def places(*centers, count=400, stddev=0.1, seed=0):
    """Samples around some centers in turn."""
    noise = np.random.default_rng(seed).normal(0.0, stddev, (count, 2))
    return np.resize(np.array(centers, "float64"), (count, 2)) + noise


# Logs.

WON = {"real_probability": 0.999, "fake_probability": 0.001}
REJECTED = {"generator_probability": 0.001, "generator_loss": np.log(0.999)}
BELIEVED = {"generator_probability": 0.999, "generator_loss": -np.log(0.999)}
SWINGING = {"generator_probability": np.tile([0.1, 0.1, 0.9, 0.9, 0.4], 2)}


@pytest.mark.parametrize(
    ("values", "kind", "epoch"),
    [
        (WON, "discriminator_saturation", 3),
        # Labels smoothed to a half.
        ({"real_probability": 0.51, "fake_probability": 0.001}, "discriminator_saturation", 3),
        (REJECTED, "vanishing_generator_signal", 3),
        (BELIEVED, "vanishing_generator_signal", 3),
        (SWINGING, "oscillation", 3),
        # These at once.
        ({"generator_loss": -2e4}, "non_finite", 2),
        ({"discriminator_loss": np.nan}, "non_finite", 2),
    ],
)
def test_each_failure_is_found_in_what_is_logged(values, kind, epoch):
    assert found(diagnose([logs(), *[logs(**values)] * 4])) == [(epoch, kind)]


@pytest.mark.parametrize(
    "values",
    [
        {},
        # Wrong in 2 of 100.
        {"real_probability": 0.98, "fake_probability": 0.02},
        # It takes everything for generated.
        {"real_probability": 0.4, "fake_probability": 0.001},
        # The non-saturating loss is steep where the discriminator rejects.
        {"generator_probability": 0.001, "generator_loss": -np.log(0.001)},
        # A loss that crosses 0 is not flat there.
        {"generator_loss": 0.0},
        # Noise on one side.
        {"generator_probability": np.tile([0.2, 0.6], 5)},
        # A critic's scores.
        {**WON, **REJECTED, "real_probability": 3.0},
        {**SWINGING, "fake_probability": -0.1},
        # Less than 10,000 times 1 + -log 0.4.
        {"generator_loss": -1.9e4},
    ],
)
def test_nothing_is_found_in_what_is_no_failure(values):
    assert diagnose([logs(), *[logs(**values)] * 4]).findings == []


def test_a_game_that_begins_with_nan_is_not_finite():
    diagnosis = diagnose([logs(discriminator_loss=np.nan, generator_loss=np.nan)])
    (finding,) = diagnosis.findings
    assert finding["evidence"] == "The loss of the discriminator is infinite or NaN"


def test_energies_are_no_probabilities():
    energies = {
        "discriminator": {"discriminator_loss": 0.0, "real_energy": 0.0, "fake_energy": 9.0},
        "generator": {"generator_loss": 0.0, "generator_energy": 0.0},
    }
    diagnosis = diagnose([energies] * 5)
    assert diagnosis.findings == []
    assert diagnosis.measurements == [{"epoch": epoch} for epoch in range(1, 6)]


def test_penalties_are_no_part_of_the_generators_signal():
    turn = {"generator_loss": 5.0, "generator_pulling_away": 5.0, "generator_probability": 0.001}
    signal = _diagnosis_updates.generator_signal(
        {"generator": {name: np.array([value]) for name, value in turn.items()}}
    )
    assert signal == 0.001


@pytest.mark.parametrize("logit", [-12.0, -5.0, 0.0, 5.0, 12.0])
def test_the_generators_signal_bounds_the_slopes(logit):
    # By finite differences, of both losses; and it is no loose bound where a slope vanishes.
    probability, step = 1 / (1 + np.exp(-logit)), 1e-6
    sides = np.logaddexp(
        0.0, np.array([[logit - step, logit + step], [-logit + step, -logit - step]])
    )
    minimax, non_saturating = -sides[0], sides[1]
    for loss in (minimax, non_saturating):
        slope = abs(loss[1] - loss[0]) / (2 * step)
        turn = {"generator_loss": loss.mean(), "generator_probability": probability}
        signal = _diagnosis_updates.generator_signal(
            {"generator": {name: np.array([value]) for name, value in turn.items()}}
        )
        assert signal >= slope * (1 - 1e-4)
        if slope < 0.01:
            assert signal < 1.01 * slope


def test_the_best_discriminators_error_is_what_it_gives_to_wrong_samples():
    # Two distributions over three values.
    p, q = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.3, 0.6])
    best = p / (p + q)
    for label in (1.0, 0.9):
        judged = {"real_probability": label * p @ best, "fake_probability": label * q @ best}
        error = _diagnosis_updates.discriminator_error(
            {"discriminator": {name: np.array([value]) for name, value in judged.items()}}
        )
        assert error == pytest.approx(q @ best)


# Samples.


def test_collapse_is_found_and_its_share_is_exact():
    x = places([0, 0], [10, 0], [0, 10], [10, 10])
    diagnosis = diagnose([logs()] * 4, [places([0, 0], [10, 0], [0, 10], [10, 10]), x[::4]], x=x)
    assert found(diagnosis) == [(3, "mode_collapse")]
    assert "75% of the real samples" in diagnosis.findings[0]["evidence"]
    missed = [measured["missed"] for measured in diagnosis.measurements]
    np.testing.assert_allclose(missed, [0.0, 0.75, 0.75, 0.75])
    # All moved once.
    assert diagnosis.measurements[1]["moved"] == pytest.approx(0.75)
    assert diagnosis.measurements[2]["moved"] == 0.0


def test_a_missing_mode_of_eight_is_no_collapse_and_inexact_samples_are_none():
    x = places(*kerasgan.datasets.ring_centers(), count=800, stddev=0.01)
    seven = places(*kerasgan.datasets.ring_centers()[:7], count=700, stddev=0.01)
    assert Cells(x).missed(Cells(x).shares(seven)) == pytest.approx(1 / 8)
    # Ten deviations off: poor, but everywhere.
    blurred = places(*kerasgan.datasets.ring_centers(), count=800, stddev=0.1)
    assert Cells(x).missed(Cells(x).shares(blurred)) < 0.1


def test_cells_are_no_finer_than_a_tenth_of_the_spread():
    assert len(Cells(places([0, 0], [10, 0])).centers) == 2
    assert len(Cells(np.random.default_rng(0).normal(size=(500, 20))).centers) == 10
    assert len(Cells(np.ones((30, 2))).centers) == 1


def test_samples_that_move_about_oscillate():
    x = places([0, 0], [10, 0])
    diagnosis = diagnose([logs()] * 4, [x[::2], x[1::2], x[::2], x[1::2]], x=x, patience=3)
    assert found(diagnosis) == [(3, "mode_collapse"), (4, "oscillation")]
    assert moved(np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5])) == 0.5


def test_copies_are_found():
    x = np.random.default_rng(0).normal(size=(200, 4))
    others = np.random.default_rng(1).normal(size=(200, 4))
    half = np.where(np.arange(200)[:, None] % 2, x + 0.01, others)
    for options in ({}, {"held_out": np.random.default_rng(2).normal(size=(300, 4))}):
        diagnosis = diagnose([logs()] * 4, [others, half], x=x, **options)
        assert found(diagnosis) == [(3, "memorization")]
        copied = [measured["copied"] for measured in diagnosis.measurements]
        assert copied[0] == pytest.approx(0.0, abs=0.03)
        assert copied[1] == pytest.approx(0.5, abs=0.05)


def test_held_out_samples_tell_what_is_near():
    # Twins: without other samples, the distance of an example to its twin seems to be usual.
    x = np.repeat(np.random.default_rng(0).normal(size=(100, 4)), 2, axis=0)
    x += np.random.default_rng(1).normal(0, 0.01, x.shape)
    assert Copies(x, None).share(x[:50] + 1e-4) == pytest.approx(1.0, abs=0.1)
    with pytest.raises(ValueError, match="more than half of the samples are the same"):
        Copies(np.repeat(x[::2], 2, axis=0), None)
    with pytest.raises(ValueError, match="`held_out`.*more than half of the samples are in `x`"):
        Copies(x, x[:50])
    assert (
        Copies(np.repeat(x[::2], 2, axis=0), np.random.default_rng(2).normal(size=(50, 4))).near > 0
    )


def test_copies_are_found_among_many(monkeypatch):
    monkeypatch.setattr("kerasgan.callbacks._diagnosis_samples._ROWS", 7)
    x = np.random.default_rng(0).normal(size=(40, 3))
    every = np.linalg.norm(x[:, None] - x, axis=-1)
    expected = np.sort(every + np.where(np.eye(40, dtype=bool), np.inf, 0.0), axis=1)[:, 0]
    np.testing.assert_allclose(np.sort(Copies(x, None).usual), np.sort(expected), rtol=1e-6)


def test_a_collapsed_generator_has_not_memorized():
    x = places([0, 0], [10, 0], [0, 10], [10, 10])
    diagnosis = diagnose([logs()] * 4, [np.repeat(x[:1], 400, axis=0)], x=x)
    assert diagnosis.measurements[0]["copied"] > 0.5
    assert found(diagnosis) == [(2, "mode_collapse")]


def test_features_are_what_is_compared():
    x = places([0, 0], [10, 0])
    diagnosis = diagnose([logs()], [x[::2]], x=x, features=lambda samples: samples[:, 1:])
    assert diagnosis.measurements[0]["missed"] < 0.2


# Messages.


def test_every_message_is_sentences():
    every = {"missed": 0.5, "moved": 0.5, "copied": 0.5, "swings": 4, "growth": 2e4}
    every |= {"discriminator_error": 0.001, "generator_signal": 0.001}
    every |= {"generator_probability": 0.001, "growing": "generator", "condition_effect": 0.01}
    for sign in SIGNS:
        finding = sign.finding(1, every)
        for part in (finding["evidence"], finding["meaning"]):
            assert part[0].isupper() or part[0].isdigit()
            assert part[-1] not in ".:"
        assert re.search(r"\d|NaN", finding["evidence"])
        assert line(finding).count("Try: ") == 1


def test_what_is_advised_exists():
    """Every option in the advice is one of `compile`, of an optimizer or of the package."""
    advice = " ".join(sign.advice for sign in SIGNS)
    adam = keras.optimizers.Adam
    for name, value in re.findall(r"(\w+)=(\[.*?\]|[\w.']+)", advice):
        given = {name: ast.literal_eval(value)}
        if name in ("beta_1", "clipnorm"):
            adam(**given)
        else:
            picture = (4, 4, 1)
            gan = kerasgan.GAN(
                kerasgan.networks.mlp((2,), [4], picture, output_activation="tanh"),
                kerasgan.networks.mlp(picture, [4], (1,)),
            )
            gan.compile(**given)
    for path in re.findall(r"kerasgan\.([\w.]+\w)", advice):
        assert operator.attrgetter(path)(kerasgan)
    assert "discriminator_steps" in inspect.signature(kerasgan.GAN.compile).parameters


# Checks and reports.


def test_a_state_has_to_last_and_is_reported_once_each_time():
    healthy, failing = logs(), logs(**WON)
    script = [failing, healthy, failing, failing, failing, healthy, failing, failing]
    diagnosis = diagnose(script, patience=2)
    assert found(diagnosis) == [(4, "discriminator_saturation"), (8, "discriminator_saturation")]


@pytest.mark.parametrize(
    ("options", "epochs"),
    [({}, [1, 2, 3, 4, 5, 6]), ({"every_epochs": 2}, [2, 4, 6]), ({"rounds": 21}, [3, 6])],
)
def test_when_it_checks(options, epochs):
    diagnosis = diagnose([logs()] * 6, **options)
    assert [measured["epoch"] for measured in diagnosis.measurements] == epochs


def test_it_says_what_it_saw_in_a_line(caplog, monkeypatch):
    with caplog.at_level(logging.WARNING, "kerasgan"):
        diagnosis = diagnose([logs(**WON)] * 2)
    (record,) = caplog.records
    (finding,) = diagnosis.findings
    assert record.getMessage() == (
        "Epoch 2: discriminator saturation. "
        "The discriminator gives wrong answers a probability of only 1.0e-03 (guessing would be 0.5). "
        "It tells real and generated samples apart too easily, so the generator learns little. "
        "Try: penalties=['r1'] (or a larger weight), a lower learning rate for the discriminator, or a "
        "smaller discriminator."
    )
    assert record.finding == finding
    assert list(finding) == ["epoch", "kind", "evidence", "meaning", "advice"]
    json.dumps(diagnosis.findings + diagnosis.measurements)
    # All workers check, the chief reports.
    caplog.clear()
    monkeypatch.setattr("kerasgan.callbacks.diagnosis.is_chief", lambda model: False)
    assert diagnose([logs(**WON)] * 2).findings == [finding]
    assert caplog.records == []


def test_conditions_go_with_the_samples():
    x = places([0, 0], [10, 0], count=30)
    diagnosis = diagnose([logs()], [x], x=x, condition=np.arange(30), samples=9)
    first, checked, others = diagnosis.model.conditions
    assert first.shape == (1,)
    assert checked.shape == (9,)
    assert set(checked) <= set(range(30))
    assert sorted(others) == sorted(checked)
    assert list(others) != list(checked)


class Shifted(Scripted):
    """Generates noise, and adds the condition times a factor."""

    conditional = True

    def __init__(self, script, factor):
        super().__init__(script, [])
        self.factor = factor

    def generate(self, count, condition=None, seed=None):
        noise = np.random.default_rng(seed).normal(size=(count, 2))
        return noise + self.factor * condition


@pytest.mark.parametrize(("factor", "ignored"), [(0.0, True), (0.05, True), (1.0, False)])
def test_an_ignored_condition_is_found(factor, ignored):
    x = places([0, 0], [10, 0], count=30)
    condition = np.random.default_rng(0).choice([-1.0, 1.0], (len(x), 1))
    diagnosis = diagnose([logs()] * 2, x=x, condition=condition, model=Shifted, generated=factor)
    # The condition of a row is 2 away from another one, in both coordinates.
    samples = diagnosis.model.generate(512, diagnosis._watch.condition, 0)
    expected = np.sqrt(2) * 2 * factor / np.sqrt(2 * samples.var(axis=0).sum())
    for measured in diagnosis.measurements:
        assert measured["condition_effect"] == pytest.approx(expected, rel=1e-5)
    kinds = [kind for _, kind in found(diagnosis)]
    assert ("ignored_condition" in kinds) == ignored


def test_without_two_conditions_or_two_samples_no_effect_can_be_told():
    x = places([0, 0], [10, 0], count=30)
    same = diagnose([logs()], x=x, condition=np.ones((len(x), 1)), model=Shifted, generated=0.0)
    assert "condition_effect" not in same.measurements[0]
    collapsed = diagnose([logs()], [np.zeros((1, 2))], x=x, condition=np.arange(len(x)))
    assert "condition_effect" not in collapsed.measurements[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "`samples`"),
        ({"every_epochs": 0}, "`every_epochs`"),
        ({"rounds": 0}, "`rounds`"),
        ({"patience": 0}, "`patience`"),
        ({"seed": -1}, "`seed`"),
        ({"held_out": np.zeros((3, 2))}, r"`x`.*samples.*held_out"),
        ({"x": np.zeros((19, 2))}, "at least 20"),
        ({"x": np.full((20, 2), np.nan)}, "finite"),
        ({"x": np.zeros((20, 2)), "held_out": np.zeros((20, 3))}, r"`held_out`.*\(2,\)"),
        ({"x": np.zeros((20, 2)), "condition": np.zeros(3)}, "20 conditions"),
    ],
)
def test_invalid_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        Diagnosis(**options)


@pytest.mark.parametrize(
    ("conditional", "samples", "condition", "message"),
    [
        (True, np.zeros((5, 2)), None, "`condition`.*as the model is conditional"),
        (False, np.zeros((5, 2)), np.zeros(30), "`condition`.*Expected None"),
        (False, np.zeros((5, 3)), None, r"`x`.*shape \(3,\).*shape \(2,\)"),
    ],
)
def test_the_model_has_to_suit(conditional, samples, condition, message):
    diagnosis = Diagnosis(places([0, 0], [10, 0], count=30), condition=condition)
    model = Scripted([], [samples])
    model.conditional = conditional
    diagnosis.set_model(model)
    with pytest.raises(ValueError, match=message):
        diagnosis.on_train_begin()


def test_other_models_are_named():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(TypeError, match="`Diagnosis`.*Sequential without `updates_since`"):
        model.fit(np.zeros((2, 1)), np.zeros((2, 1)), verbose=0, callbacks=[Diagnosis()])


# Games.


@pytest.mark.deterministic
@pytest.mark.parametrize("conditional", [False, True])
def test_a_game_is_watched_and_not_touched(conditional):
    x = places([0, 0], [10, 0], count=64).astype("float32")
    y = np.eye(2, dtype="float32")[np.arange(64) % 2]
    mlp = kerasgan.networks.mlp

    def play(callbacks):
        keras.utils.set_random_seed(0)
        if conditional:
            inputs = [[keras.Input((2,)), keras.Input((2,))] for _ in range(2)]
            players = [
                keras.Model(pair, keras.layers.Dense(units)(keras.layers.Concatenate()(pair)))
                for pair, units in zip(inputs, (2, 1), strict=True)
            ]
            model = kerasgan.ConditionalGAN(*players)
        else:
            model = kerasgan.GAN(mlp(2, [4], 2), mlp(2, [4]))
        model.compile(run_eagerly=True)
        data = (x, y) if conditional else (x,)
        model.fit(*data, batch_size=16, epochs=2, verbose=0, callbacks=callbacks)
        return model.get_weights()

    condition = y if conditional else None
    diagnosis = Diagnosis(x, condition=condition, rounds=4, samples=32)
    for watched, alone in zip(play([diagnosis]), play([]), strict=True):
        np.testing.assert_array_equal(watched, alone)
    assert [measured["epoch"] for measured in diagnosis.measurements] == [1, 2]
    assert {
        "discriminator_error",
        "generator_signal",
        "swings",
        "missed",
        "copied",
        "moved",
    } <= set(diagnosis.measurements[-1])


def test_a_diverging_game_is_reported_before_it_is_stopped():
    gan = kerasgan.GAN(kerasgan.networks.mlp(2, [8], 2), kerasgan.networks.mlp(2, [8]))
    rate = keras.optimizers.SGD(100.0)
    gan.compile(rate, keras.optimizers.SGD(100.0), loss="wasserstein", run_eagerly=True)
    diagnosis = Diagnosis()
    with pytest.raises(FloatingPointError):
        gan.fit(places([0, 0], count=64), batch_size=8, epochs=20, verbose=0, callbacks=[diagnosis])
    assert found(diagnosis)[0] == (1, "non_finite")
    assert "times as large as at the start" in diagnosis.findings[0]["evidence"]


def test_it_tells_what_to_try_before_training_ends_at_nan():
    gan = kerasgan.GAN(kerasgan.networks.mlp(2, [4], 2), kerasgan.networks.mlp(2, [4]))
    gan.compile(run_eagerly=True)
    gan.generator.weights[0].assign(np.full((2, 4), np.nan))
    diagnosis = Diagnosis()
    x = places([0, 0], count=64)
    with pytest.raises(FloatingPointError):
        gan.fit(x, batch_size=8, verbose=0, callbacks=[diagnosis])
    (finding,) = diagnosis.findings
    assert finding["kind"] == "non_finite"
    assert finding["evidence"] == "The loss of the discriminator is infinite or NaN"


# The benchmark.


@pytest.fixture
def rates_script(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    module = importlib.import_module("diagnosis")
    yield module
    del sys.modules["diagnosis"]


def test_the_rates_of_the_benchmark_are_counted_right(rates_script):
    healthy, failing = "digits, auto-encoder", "ring, fast generator"
    assert rates_script.CASES[healthy].expected is None
    assert rates_script.CASES[failing].expected == "mode_collapse"
    seen = {"found": {"mode_collapse": 3, "oscillation": 4}}
    rates = rates_script.rates(
        {healthy: [{"found": {}}, seen], failing: [seen, seen, {"found": {}}]}
    )
    assert rates["kinds"]["mode_collapse"] == {
        "alarms": 2, "made_to_fail": 3, "false_alarms": 1, "healthy": 2,
    }  # fmt: skip
    assert rates["kinds"]["oscillation"] == {
        "alarms": 0, "made_to_fail": 0, "false_alarms": 1, "healthy": 2,
    }  # fmt: skip
    assert rates["cases"][failing]["found"] == {"mode_collapse": 2, "oscillation": 2}


def test_the_benchmark_runs_and_records(rates_script, tmp_path, monkeypatch):
    monkeypatch.setattr(rates_script, "ROUNDS_PER_EPOCH", 4)
    monkeypatch.setattr(logging.getLogger("kerasgan"), "level", logging.WARNING)
    path = tmp_path / "results" / "diagnosis.json"
    options = ["--seeds", "1", "--first-seed", "7", "--epochs", "1", "--record", str(path)]
    monkeypatch.setattr(sys, "argv", ["diagnosis.py", "--only", "fast generator", *options])
    monkeypatch.setattr(
        rates_script, "CASES", {"ring, fast generator": rates_script.CASES["ring, fast generator"]}
    )
    rates_script.main()
    answer = json.loads(path.read_text())
    assert answer["recipe"]["seeds"] == [7]
    (game,) = answer["games"]["ring, fast generator"]
    assert game["seed"] == 7
    assert game["finite"]
    assert 0 <= game["modes"] <= 8
    assert answer["kinds"]["mode_collapse"]["made_to_fail"] == 1
