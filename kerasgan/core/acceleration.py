from __future__ import annotations

import keras

from kerasgan.backend import has_accelerator, is_deterministic

_LAYERS = keras.layers
_CONVOLUTIONS = (
    _LAYERS.Conv1D,
    _LAYERS.Conv1DTranspose,
    _LAYERS.Conv2D,
    _LAYERS.Conv2DTranspose,
    _LAYERS.Conv3D,
    _LAYERS.Conv3DTranspose,
    _LAYERS.DepthwiseConv1D,
    _LAYERS.DepthwiseConv2D,
    _LAYERS.SeparableConv1D,
    _LAYERS.SeparableConv2D,
)


def chosen_jit_compile(model: keras.Model) -> bool | str:
    """Returns what `jit_compile="auto"` means for a model on the machine at hand.

    Keras takes XLA wherever there is an accelerator, and never on a CPU. On a CPU it makes recurrent
    networks, which are many small operations, 1.3 to 2.6 times faster; dense ones gain little or nothing,
    and convolutions lose about half their speed (`benchmarks/README.md`). So there it is taken for games
    with recurrent layers and no convolutions, unless TensorFlow's operations are to be deterministic.
    """
    if has_accelerator() or model.distribute_strategy.num_replicas_in_sync > 1:
        return "auto"
    layers = list(model._flatten_layers())
    is_recurrent = any(isinstance(layer, _LAYERS.RNN) for layer in layers)
    is_convolutional = any(isinstance(layer, _CONVOLUTIONS) for layer in layers)
    can_be_compiled = all(layer.supports_jit for layer in layers) and not is_deterministic()
    return is_recurrent and not is_convolutional and can_be_compiled
