"""`get`, `get_all`, names, turns and configurations."""

from __future__ import annotations

import json
import math

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan import penalties
from kerasgan.penalties import DRAGAN, R1, R2, Encounter, WassersteinGradientPenalty, get_all

TURNS = ("discriminator", "generator")


@keras.saving.register_keras_serializable(package="tests_penalties")
class ScoreDrift(kerasgan.penalties.Penalty):
    def call(self, encounter):
        return keras.ops.square(encounter.score(encounter.real))


@keras.saving.register_keras_serializable(package="tests_penalties")
class GeneratorR2(R2):
    turn = "generator"
    name = "r2"


NAMES = {
    "r1": R1,
    "r2": R2,
    "dragan": DRAGAN,
    "wasserstein_gradient_penalty": WassersteinGradientPenalty,
}


@pytest.mark.parametrize(("name", "kind"), NAMES.items())
def test_get_by_name_makes_the_defaults(name, kind):
    penalty = penalties.get(name)
    assert type(penalty) is kind
    assert type(penalties.get(kind.__name__)) is kind
    assert penalty.get_config() == kind().get_config()
    assert penalty.weight == 10.0


@pytest.mark.parametrize(
    ("penalty", "name", "turn"),
    [
        (R1(), "r1", "discriminator"),
        (R2(), "r2", "discriminator"),
        (DRAGAN(), "dragan", "discriminator"),
        (WassersteinGradientPenalty(), "wasserstein_gradient_penalty", "discriminator"),
        (ScoreDrift(1.0), "score_drift", "discriminator"),
        (GeneratorR2(), "r2", "generator"),
    ],
)
def test_name_and_turn(penalty, name, turn):
    assert (penalty.name, penalty.turn) == (name, turn)


@pytest.mark.parametrize(
    "penalty",
    [R1(1.0), R2(2.0), DRAGAN(3.0, scale=0.25), WassersteinGradientPenalty(4.0), ScoreDrift(5.0)],
    ids=lambda penalty: type(penalty).__name__,
)
def test_round_trip(penalty):
    again = penalties.deserialize(json.loads(json.dumps(penalties.serialize(penalty))))
    assert type(again) is type(penalty)
    assert again is not penalty
    assert again.get_config() == penalty.get_config()
    assert penalties.get(penalty) is penalty


def test_subclass_is_weighted():
    samples = keras.ops.convert_to_tensor(np.array([[2.0], [3.0]], "float32"))
    seed = keras.random.SeedGenerator()
    encounter = Encounter(samples, samples, lambda x: 2.0 * x, None, None, seed)
    np.testing.assert_allclose(ScoreDrift(0.5)(encounter), [[8.0], [18.0]])
    with pytest.raises(TypeError, match="abstract"):
        penalties.Penalty(1.0)


@pytest.mark.parametrize(
    "one", ["r1", R1(), penalties.serialize(R1())], ids=["name", "object", "config"]
)
def test_get_all_takes_one(one):
    (penalty,) = get_all(one, TURNS)
    assert type(penalty) is R1


def test_get_all_takes_several_and_keeps_their_order():
    found = get_all(["r2", R1(1.0)], TURNS)
    assert [penalty.name for penalty in found] == ["r2", "r1"]
    assert get_all((), TURNS) == ()
    assert len(get_all(iter(["r1", "r2"]), iter(TURNS))) == 2


def test_a_name_may_recur_in_another_turn_only():
    assert len(get_all([R2(), GeneratorR2()], TURNS)) == 2
    with pytest.raises(ValueError, match=r"`penalties`.*two named 'r1'"):
        get_all(["r1", R1(1.0)], TURNS)


def test_a_turn_that_the_game_does_not_have():
    with pytest.raises(ValueError, match=r"\['discriminator'\].*'r2' with turn='generator'"):
        get_all([R1(), GeneratorR2()], ["discriminator"])


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"`penalties`.*'r3'") as error:
        penalties.get("r3")
    assert all(repr(name) in str(error.value) for name in NAMES)


@pytest.mark.parametrize("identifier", [3, None, R1, ["r1"], {"no": "config"}], ids=repr)
def test_what_is_no_penalty(identifier):
    with pytest.raises(TypeError, match="Invalid value for argument `penalties`"):
        penalties.get(identifier)


@pytest.mark.parametrize("identifiers", [3, None, R1, [None]], ids=repr)
def test_what_are_no_penalties(identifiers):
    with pytest.raises(TypeError, match="Invalid value for argument `penalties`"):
        get_all(identifiers, TURNS)


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf, "1", True])
@pytest.mark.parametrize("kind", [*NAMES.values(), ScoreDrift])
def test_bad_weight(kind, weight):
    with pytest.raises(ValueError, match=r"`weight`.*not negative"):
        kind(weight)


@pytest.mark.parametrize("scale", [0.0, -0.5, math.nan, math.inf, "1", True])
def test_bad_scale(scale):
    with pytest.raises(ValueError, match=r"`scale`.*positive"):
        DRAGAN(scale=scale)
