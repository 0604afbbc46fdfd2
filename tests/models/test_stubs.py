"""What editors know of the models is what the models are."""

import inspect

import pytest
import stubs

import kerasgan


def test_the_file_for_editors_is_up_to_date():
    assert stubs.PATH.read_text(encoding="utf-8") == stubs.stubs(), (
        "run `python tests/models/stubs.py`"
    )


@pytest.mark.parametrize("name", sorted(kerasgan.models.__all__))
def test_help_shows_every_argument_of_compile(name):
    kind = getattr(kerasgan, name)
    parameters = inspect.signature(kind.compile).parameters
    assert {"self", "metrics", "generator_ema", "jit_compile"} < set(parameters)
    for argument in set(parameters) - {"self"}:
        assert f"    {argument}: " in kind.compile.__doc__
    positional = [p for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert all(p.name == "self" or p.name.endswith("_optimizer") for p in positional)


@pytest.mark.parametrize("name", sorted(kerasgan.models.__all__))
def test_a_configuration_holds_every_argument(name):
    """`get_config` against the signature of `__init__`, `seed` too."""
    from registry import MODELS

    kind = getattr(kerasgan, name)
    make, _ = MODELS[kind]
    expected = set(inspect.signature(kind.__init__).parameters) - {"self", "kwargs"}
    config = make().get_config()
    assert set(config) == {*expected, "name", "dtype"}
    config["seed"] = 13
    assert kind.from_config(config).get_config()["seed"] == 13
