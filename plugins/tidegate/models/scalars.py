"""Small values that policies are written in."""

from typing import Annotated

from pydantic import Field

Scalar = str | int | bool
Said = Annotated[str, Field(pattern=r"\S")]
"""A text that is not blank."""
