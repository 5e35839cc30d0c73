"""How the sandbox's labelled extensions are put on moto's classes."""

from collections.abc import Callable


class MotoHasChanged(Exception):
    """moto no longer has what an extension replaces."""


def replace(owner: type, name: str, function: Callable[..., object]) -> None:
    """Replace a method that moto has. Raises MotoHasChanged when it does not have it."""
    if name not in vars(owner):
        raise MotoHasChanged(f"{owner.__module__}.{owner.__name__} has no method {name}")
    setattr(owner, name, function)


def add(owner: type, name: str, function: Callable[..., object]) -> None:
    """Add a method that moto lacks. Raises MotoHasChanged when it has one by now: then the extension can go."""
    if name in vars(owner):
        raise MotoHasChanged(f"{owner.__module__}.{owner.__name__} has its own method {name} by now")
    setattr(owner, name, function)
