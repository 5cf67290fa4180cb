"""The version of the package: any layer may name it."""

__version__ = "0.1.0"
