"""tenuto: a self-hosted server for long audio work."""

__version__ = "0.1.0"
