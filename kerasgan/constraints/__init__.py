"""Constraints that adversarial training needs and Keras lacks."""

from kerasgan.constraints.weight_clipping import WeightClipping

__all__ = ["WeightClipping"]
