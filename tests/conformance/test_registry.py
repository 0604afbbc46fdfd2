"""Register or fail."""

import types

from registry import REGISTERED, ROOMS, public_classes

import kerasgan


def test_every_public_class_is_registered():
    missing = public_classes([kerasgan, *ROOMS]) - REGISTERED
    assert not missing, f"without an instance in tests/conformance/registry.py: {missing}"


def test_a_class_that_is_not_registered_is_found():
    class Newcomer:
        pass

    room = types.SimpleNamespace(__all__=["Newcomer"], Newcomer=Newcomer)
    assert public_classes([room]) - REGISTERED == {Newcomer}
