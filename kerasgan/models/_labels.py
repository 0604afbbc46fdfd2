from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import all_rows_mean
from kerasgan.core import Part, part_of_inputs
from kerasgan.part import IntegerRange
from kerasgan.precision import full_precision
from kerasgan.priors import Prior


class Labels:
    """The sub-models of an auto-encoder that take labels, and in which form.

    Labels are integers from 0 to K - 1, or -1 for "unlabeled". A decoder gets one-hot vectors of K entries,
    or zeros for unlabeled. A discriminator of codes gets K + 1 entries, the last one for unlabeled (Makhzani
    et al. 2015, sections 2.3 and 4).

    Args:
        decoder: The decoder: a model of codes, or of codes and labels.
        discriminator: The discriminator: a model of codes, or of codes and labels.

    Raises:
        ValueError: If the input for labels is not a vector, or the two have different numbers of classes.
    """

    def __init__(self, decoder: keras.Model, discriminator: keras.Model) -> None:
        self.of_decoder = _label_input("decoder", decoder)
        self.of_discriminator = _label_input("discriminator", discriminator)
        classes = {
            int(part.specification.shape[-1]) - extra
            for part, extra in ((self.of_decoder, 0), (self.of_discriminator, 1))
            if part is not None
        }
        if len(classes) > 1:
            raise ValueError(
                "Invalid value for argument `discriminator`. Expected labels of one entry more than the "
                "decoder's, for unlabeled examples. Received: labels for "
                f"{' and '.join(map(str, sorted(classes)))} classes"
            )
        self.number_of_classes = classes.pop() if classes else 0

    @property
    def condition(self) -> Part | None:
        """The part of labels as the user gives them; `None` if no sub-model takes labels."""
        return labels_of(self.number_of_classes) if self.number_of_classes else None

    def for_decoder(self, labels: Any) -> Any:
        """Returns integer labels in the form that the decoder takes; `None` if it takes none."""
        if self.of_decoder is None:
            return None
        return ops.one_hot(ops.cast(labels, "int32"), self.number_of_classes)

    def for_discriminator(self, labels: Any) -> Any:
        """Returns integer labels in the form that the discriminator takes; `None` if it takes none."""
        if self.of_discriminator is None:
            return None
        labels = ops.cast(labels, "int32")
        known = ops.where(labels < 0, self.number_of_classes, labels)
        return ops.one_hot(known, self.number_of_classes + 1)

    def sample(self, prior: Prior, count: Any, labels: Any, seed: Any) -> Any:
        """Draws from a prior. If the discriminator takes labels, draws from the part of each label."""
        if self.of_discriminator is None:
            return prior.sample(count, seed=seed)
        return prior.sample_labeled(labels, self.number_of_classes, seed=seed)


def labels_of(number_of_classes: int, default: int | None = None) -> Part:
    """Returns the part of integer labels from 0 to K - 1, or -1 for unlabeled.

    Args:
        number_of_classes: K.
        default: The label of all examples if the user gives none. Defaults to `None`: labels are required.
    """
    return Part(
        keras.KerasTensor((None,), "int32"),
        {"": IntegerRange(-1, number_of_classes - 1, "unlabeled")},
        default,
    )


def row_weights(chosen: Any) -> Any:
    """Returns weights that turn a mean over all rows into a mean over the chosen rows.

    The core averages over all rows of the global batch, but perhaps only some are labeled. If no row is
    chosen, all weights are 0, and the mean is 0 too.

    Args:
        chosen: Which rows count, booleans `(rows,)`.
    """
    chosen = ops.cast(chosen, full_precision())
    return ops.divide_no_nan(chosen, all_rows_mean(chosen))


def _label_input(argument: str, model: keras.Model) -> Part | None:
    """Returns the part of a sub-model's second input, if it has one."""
    if not model.built:
        return None
    inputs = part_of_inputs(argument, model).leaves
    if len(inputs) > 2 or (len(inputs) == 2 and len(inputs[1].shape) != 2):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected a model of codes, or of codes and one-hot "
            f"labels. Received: {model.name!r} with inputs {[tuple(item.shape) for item in inputs]}"
        )
    return Part(inputs[1]) if len(inputs) == 2 else None
