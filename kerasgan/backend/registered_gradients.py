"""Registers gradients that TensorFlow does not have, or has only as approximations.

Importing this file registers them for the whole process. All are exact, so they do not change a derivative
that was right. The gradients of resizing, of projective transformations (such as
`keras.layers.RandomRotation`) and of `softsign` can be differentiated any number of times.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops as framework

GRADIENTS = framework.gradient_registry


def _resized_again(resize: Callable[..., Any]) -> Callable[[Any, Any], tuple[Any, None]]:
    """Returns the gradient of the gradient of a resizing: the resizing itself, because it is linear."""

    def gradient(operation: Any, upstream: Any) -> tuple[Any, None]:
        incoming = operation.inputs[0]
        resized = resize(images=upstream, size=tf.shape(incoming)[1:3], **_alignment(operation))
        return tf.cast(resized, incoming.dtype), None

    return gradient


def _resized_bilinearly(operation: Any, upstream: Any) -> tuple[Any, None]:
    """Returns TensorFlow's gradient of bilinear resizing, with a gradient of its own."""
    image, alignment = operation.inputs[0], _alignment(operation)

    @tf.custom_gradient
    def transposed(incoming: Any) -> tuple[Any, Callable[[Any], Any]]:
        def gradient(upstream: Any) -> Any:
            size = tf.shape(incoming)[1:3]
            return tf.raw_ops.ResizeBilinear(images=upstream, size=size, **alignment)

        resized = tf.raw_ops.ResizeBilinearGrad(grads=incoming, original_image=image, **alignment)
        return resized, gradient

    return transposed(upstream), None


def _alignment(operation: Any) -> dict[str, bool]:
    return {name: operation.get_attr(name) for name in ("align_corners", "half_pixel_centers")}


def _scaled_and_translated_again(operation: Any, upstream: Any) -> tuple[Any, None, None, None]:
    incoming, _, scale, translation = operation.inputs
    scaled = tf.raw_ops.ScaleAndTranslate(
        images=upstream,
        size=tf.shape(incoming)[1:3],
        scale=scale,
        translation=translation,
        kernel_type=operation.get_attr("kernel_type"),
        antialias=operation.get_attr("antialias"),
    )
    return tf.cast(scaled, incoming.dtype), None, None, None


def _projected(operation: Any, upstream: Any) -> tuple[Any, None, None, None]:
    """Returns the gradient of a projective transformation of images with respect to the images.

    TensorFlow transforms the upstream gradient back. That is right for a rotation by 90 degrees, and an
    approximation otherwise.
    """
    images, transforms = operation.inputs[:2]
    settings = {name: operation.get_attr(name) for name in ("interpolation", "fill_mode")}

    @tf.custom_gradient
    def transposed(incoming: Any) -> tuple[Any, Callable[[Any], Any]]:
        size = tf.shape(incoming)[1:3]
        rows, height, width, channels = tf.unstack(tf.shape(images))
        sources = _sources(rows, height, width, transforms, size, settings)
        first = tf.floor(sources)
        total = tf.zeros((rows * height * width, channels), incoming.dtype)
        for corner in itertools.product((0, 1), repeat=2):
            neighbor = first + tf.constant(corner, "float32")
            shares = tf.reduce_prod(1.0 - tf.abs(sources - neighbor), axis=-1)
            y, x = tf.unstack(tf.cast(neighbor, "int32"), axis=-1)
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            # A negative index is left out.
            index = tf.where(inside, (tf.range(rows)[:, None, None] * height + y) * width + x, -1)
            parts = incoming * tf.cast(shares[..., None], incoming.dtype)
            total += tf.math.unsorted_segment_sum(parts, index, rows * height * width)

        def gradient(upstream: Any) -> Any:
            return tf.raw_ops.ImageProjectiveTransformV3(
                images=upstream,
                transforms=transforms,
                output_shape=size,
                fill_value=0.0,
                **settings,
            )

        return tf.reshape(total, tf.shape(images)), gradient

    return transposed(upstream), None, None, None


def _sources(
    rows: Any, height: Any, width: Any, transforms: Any, size: Any, settings: dict[str, Any]
) -> Any:
    """Returns where each pixel of a transformed image comes from, `(rows, *size, 2)`, y before x.

    The transformation is applied to an image of coordinates to find them.
    """
    # Pixels near an edge are mixed with the fill value, unless the image is continued.
    margin = 2 if settings["fill_mode"] in ("CONSTANT", b"CONSTANT") else 0
    projection = tf.pad(transforms[:, 6:], [[0, 0], [0, 1]], constant_values=1.0)
    shifted = [transforms[:, first : first + 3] + margin * projection for first in (0, 3)]
    axes = [tf.range(-margin, length + margin) for length in (height, width)]
    coordinates = tf.stack(tf.meshgrid(*axes, indexing="ij"), axis=-1)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.tile(tf.cast(coordinates, "float32")[None], [rows, 1, 1, 1]),
        transforms=tf.concat([*shifted, transforms[:, 6:]], axis=1),
        output_shape=size,
        fill_value=1e15,  # far outside, even where it is mixed with a coordinate
        **settings,
    )


def _softsign_again(operation: Any, upstream: Any) -> tuple[Any, Any]:
    incoming, features = operation.inputs
    beyond = 1.0 + tf.abs(features)
    curvature = -2.0 * tf.sign(features) / beyond**3
    return upstream / beyond**2, upstream * incoming * curvature


def _register() -> None:
    missing = {
        "ResizeBicubicGrad": _resized_again(tf.raw_ops.ResizeBicubic),
        "ResizeNearestNeighborGrad": _resized_again(tf.raw_ops.ResizeNearestNeighbor),
        "ScaleAndTranslateGrad": _scaled_and_translated_again,
        "SoftsignGrad": _softsign_again,
    }
    for name, gradient in missing.items():
        if name not in GRADIENTS.list():  # or somebody else knows it already
            tf.RegisterGradient(name)(gradient)
    # TensorFlow declares `ResizeBilinearGrad` constant, and eager tapes rely on that. So the gradient of the
    # resizing itself is replaced with the same one that has a gradient. The registry has no public way to do
    # it.
    for name, gradient in {
        "ImageProjectiveTransformV3": _projected,
        "ResizeBilinear": _resized_bilinearly,
    }.items():
        del GRADIENTS._registry[name]
        tf.RegisterGradient(name)(gradient)


_register()
