"""Tags as AWS answers them, as a plain mapping."""

from collections.abc import Iterable

from tidegate.collectors.aws.reading import field, optional, text


def tag_map(tags: Iterable[object], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """`[{"Key": "a", "Value": "b"}]` as `{"a": "b"}`; ECS spells its fields in lower case. Raises MalformedAnswer."""
    return {text(tag, key): field(tag, value, str) for tag in tags}


def flat_tags(item: object, path: str) -> dict[str, str]:
    """`{"a": "b"}` as some services answer it; without tags the field may be missing. Raises MalformedAnswer."""
    tags = optional(item, path, dict) or {}
    return {str(name): field({"tag": value}, "tag", str) for name, value in tags.items()}
