"""tidegate: builds and tears down infrastructure through gates that stay closed when in doubt.

docs/architecture.md shows how data flows and the layers; `make docs` makes it from import-linter's contracts.
"""

__version__ = "0.1.0"
