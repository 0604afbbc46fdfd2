"""Augmentation."""

__all__: list[str] = []
