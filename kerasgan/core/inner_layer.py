from __future__ import annotations

import re

import keras


def inner_layer(model: keras.Model, scopes: str) -> str:
    """Returns, in words, the innermost layer of a model that an operation's name contains.

    Args:
        model: The model.
        scopes: The name of an operation in a graph, which lists the layers around it.
    """
    names = {layer.name for layer in model._flatten_layers(include_self=False)}
    for scope in reversed(scopes.split("/")):
        # A graph numbers the scopes of one name.
        for name in (scope, re.sub(r"_\d+$", "", scope)):
            if name in names:
                return f"the layer {name!r}"
    return f"the discriminator {model.name!r}"
