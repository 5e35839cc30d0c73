"""tidegate: infrastructure that comes up and goes down through gates which close by themselves.

docs/architecture.md shows the way of the data and the layers, made of import-linter's contracts.
"""

__version__ = "0.1.0"
