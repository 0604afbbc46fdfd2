"""The contestants of `benchmarks/speed.py` play the same game: equal weights after equal steps."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = [path.stem for pattern in ("speed*.py", "gpu*.py") for path in FOLDER.glob(pattern)]
GAMES = ["mlp", "gaussian", "dcgan", "lstm", "aae", "ebgan"]
STEPS = 3
# With so small an epsilon, PyTorch's Adam is Keras's, which adds epsilon at another place.
ADAM = {"learning_rate": 1e-2, "beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-12}


@pytest.fixture
def modules(monkeypatch):
    """Returns modules of the benchmarks by their names."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    for name in (*NAMES, "contest", "measuring"):
        sys.modules.pop(name, None)


class Case:
    """A game at toy size: its first weights, its batches and its noise, the same for all contestants."""

    def __init__(self, name, modules):
        self.name = name
        self.games, self.networks = modules("speed_games"), modules("speed_networks")
        self.game = self.games.game_of(name, toy=True)
        random = np.random.default_rng(1)
        self.start = {}
        for player, model in self.networks.players(name, toy=True).items():
            # No zeros, so that a wrong order shows; and positive biases, so that no ReLU is dead.
            values = [random.normal(0, 0.5, w.shape) for w in model.trainable_weights]
            values = [value if value.ndim > 1 else np.abs(value) * 0.2 + 0.2 for value in values]
            self.start[player] = [value.astype("float32") for value in values]
        self.x = self.game.data()
        draws = 1 if name == "aae" else 2
        shape = (draws * STEPS, self.game.batch, *self.game.latent)
        self.latents = random.normal(size=shape).astype("float32")
        self.setup = self.games.Setup(ADAM, self.latents, shuffle=False)

    def players(self):
        players = self.networks.players(self.name, toy=True)
        for player, model in players.items():
            for weight, value in zip(model.trainable_weights, self.start[player], strict=True):
                weight.assign(value)
        return players

    def after(self, maker, setup=None, **arguments):
        """Returns the weights after some steps of a contestant of TensorFlow."""
        players = self.players()
        maker(self.game, players, self.x, setup or self.setup, **arguments)(STEPS)
        return {
            player: [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
            for player, model in players.items()
        }

    def moved(self, weights):
        """Tells whether every weight has moved, by about the learning rate in each step."""
        pairs = zip(flat(self.start), flat(weights), strict=True)
        return all(np.abs(before - after).max() > 0.5e-2 for before, after in pairs)


def flat(weights):
    return [value for player in weights for value in weights[player]]


def assert_same(weights, expected):
    for player in expected:
        for value, wanted in zip(weights[player], expected[player], strict=True):
            np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=2e-4, err_msg=player)


@pytest.mark.parametrize("name", GAMES)
def test_contestants_of_tensorflow_play_the_same_game(name, modules):
    tensorflow, case = modules("speed_tensorflow"), Case(name, modules)
    loop = case.after(tensorflow.by_hand)
    assert case.moved(loop)
    assert_same(case.after(tensorflow.by_textbook), loop)
    # kerasgan draws in the turn of an encoder too, and does not use it.
    latents = np.repeat(case.latents, 2, axis=0) if name == "aae" else case.latents
    # Without XLA, which would compile the LSTM for half a minute.
    setup = case.games.Setup(ADAM, latents, shuffle=False)
    fit = case.after(tensorflow.by_kerasgan, setup, jit_compile=False)
    assert_same(fit, loop)


@pytest.mark.parametrize("name", GAMES)
def test_a_contestant_of_pytorch_plays_the_same_game(name, modules):
    torch = pytest.importorskip("torch")
    tensorflow, case = modules("speed_tensorflow"), Case(name, modules)
    expected = case.after(tensorflow.by_hand)
    networks, contestants = modules("speed_torch_networks"), modules("speed_torch")

    def loaded(weights):
        players = networks.players(name, toy=True)
        for player, network in players.items():
            networks.load(network, weights[player], case.game.sample)
        return players

    players = loaded(case.start)
    contestants.contestant(case.game, players, case.x, case.setup)(STEPS)
    assert_same(*(torch_weights(each, torch) for each in (players, loaded(expected))))


def torch_weights(players, torch):
    return {
        name: [p.detach().numpy() for p in network.parameters() if p.requires_grad]
        for name, network in players.items()
    }


JAX = """
import json, sys
import numpy as np
import keras
sys.path.insert(0, {folder!r})
import speed_jax, speed_games

case = np.load("case.npz")
game = speed_games.game_of({name!r}, toy=True)
players = {{}}
for name, text in json.load(open("networks.json")).items():
    players[name] = keras.models.model_from_json(text)
    for index, weight in enumerate(players[name].trainable_weights):
        weight.assign(case[f"{{name}} {{index}}"])
setup = speed_games.Setup({adam!r}, case["latents"], shuffle=False)
run, state = speed_jax.contestant(game, players, case["x"], setup, scan={scan})
run({steps})
after = {{
    f"{{name}} {{i}}": value
    for name, (trainable, _) in state[0][0].items()
    for i, value in enumerate(trainable)
}}
np.savez("after.npz", **after)
"""


@pytest.mark.processes
@pytest.mark.parametrize(("name", "scan"), [("mlp", 1), ("dcgan", 1), ("aae", 1), ("lstm", STEPS)])
def test_a_contestant_of_jax_plays_the_same_game(name, scan, modules, tmp_path):
    pytest.importorskip("jax")
    tensorflow, case = modules("speed_tensorflow"), Case(name, modules)
    expected = case.after(tensorflow.by_hand)
    start = {f"{player} {i}": v for player in case.start for i, v in enumerate(case.start[player])}
    np.savez(tmp_path / "case.npz", x=case.x, latents=case.latents, **start)
    (tmp_path / "networks.json").write_text(
        json.dumps(case.networks.configurations(name, toy=True))
    )
    program = JAX.format(folder=str(FOLDER), name=name, adam=ADAM, steps=STEPS, scan=scan)
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300)
    after = np.load(tmp_path / "after.npz")
    found = {
        player: [after[f"{player} {i}"] for i in range(len(expected[player]))]
        for player in expected
    }
    assert_same(found, expected)
