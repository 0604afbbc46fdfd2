"""Exports of a game: its uses as signatures of a SavedModel, an ONNX or a LiteRT file."""

from kerasgan.exporting.export import CONVERTERS, check_unused, export_game
from kerasgan.exporting.signature import Signature

__all__ = ["CONVERTERS", "Signature", "check_unused", "export_game"]
