"""drumroll: run a product launch."""

__version__ = "0.1.0"
