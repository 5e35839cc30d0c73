"""Reads plain YAML by libyaml, in a fraction of the time that the reader with line numbers takes.

libyaml speaks YAML 1.1, the other reader 1.2: `yes`, `012`, `1:30` and others are not the same to both. So it only
cuts the text into its parts here. What they mean is said below, for what means the same to both; the rest is left.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import yaml

_UNCOMMON = re.compile("[^\n -~\u00a0-\u2027\u202a-\ud7ff]")
"""Tabs, control characters and the line breaks of only one of the two versions."""
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_PERHAPS_NO_TEXT = re.compile(r"[-+.0-9][-+.:_ 0-9a-fxotzin]*|[~<=].*|true|false|null", re.IGNORECASE | re.DOTALL)
"""What one of the two might take for a number, a time, a merge or a word of another version, and more than that."""
_DEEPEST = 40


class _NotPlain(Exception):
    """Something that the two readers may not read alike, or that only one of them refuses."""


def plain(text: str) -> dict[str, Any] | None:
    """The mapping that a text is. None: it is none, is no YAML, or is more than plain; the other reader tells."""
    if not yaml.__with_libyaml__ or _UNCOMMON.search(text):
        return None
    try:
        events = _events(text)
        found = _value(events, 0)
        if next(events, None) is not None:  # to the end: what is wrong there is an error too
            return None
    except (yaml.YAMLError, _NotPlain):
        return None
    return found if isinstance(found, dict) else None


def _events(text: str) -> Iterator[Any]:
    """The parts of the one document, without its frame."""
    documents = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if event.explicit or documents > 1:
                raise _NotPlain
        elif not isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentEndEvent):
            yield event


def _value(events: Iterator[Any], depth: int) -> Any:
    event = next(events, None)
    if event is None or isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
        raise _NotPlain
    if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
        return event
    if event.anchor is not None or event.tag is not None:
        raise _NotPlain
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        return list(_until_end(events, depth))
    return _mapping(_until_end(events, depth))


def _until_end(events: Iterator[Any], depth: int) -> Iterator[Any]:
    while not isinstance(value := _value(events, depth + 1), yaml.CollectionEndEvent):
        yield value


def _mapping(parts: Iterator[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in zip(parts, parts, strict=True):
        if not isinstance(key, str) or key in found:  # a key twice: the other reader refuses it and names the line
            raise _NotPlain
        found[key] = value
    return found


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.style in ("'", '"'):
        return text
    if event.style:
        raise _NotPlain  # a block, folded or literal
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if day := _DATE.fullmatch(text):
        return _date(*map(int, day.groups()))
    if _PERHAPS_NO_TEXT.fullmatch(text):
        raise _NotPlain
    return text


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:  # 30 February: the other reader says so
        raise _NotPlain from error
