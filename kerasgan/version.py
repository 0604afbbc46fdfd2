"""The version of the package, which metrics write beside their values."""

__version__ = "0.2.0"
