"""How the sandbox's labelled extensions are put on moto's classes."""

from collections.abc import Callable


class MotoHasChanged(Exception):
    """moto no longer has what an extension replaces."""


def replace(owner: type, name: str, function: Callable[..., object], *, answers: tuple[str, ...] = ()) -> None:
    """Replace a method that moto has. Raises MotoHasChanged when it does not have it.

    `answers` names the operations that come to the method, where its name does not say it: a test derives from it
    what refusals the extension must declare.
    """
    if name not in vars(owner):
        raise MotoHasChanged(f"{owner.__module__}.{owner.__name__} has no method {name}")
    setattr(owner, name, function)


def add(owner: type, name: str, function: Callable[..., object], *, answers: tuple[str, ...] = ()) -> None:
    """Add a method that moto lacks. Raises MotoHasChanged when it has one by now: then the extension can go."""
    if name in vars(owner):
        raise MotoHasChanged(f"{owner.__module__}.{owner.__name__} has its own method {name} by now")
    setattr(owner, name, function)
