"""Tags as AWS answers them, as a plain mapping."""

from collections.abc import Iterable

from tidegate.collectors.aws.reading import field


def tag_map(tags: Iterable[object], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """`[{"Key": "a", "Value": "b"}]` as `{"a": "b"}`; ECS spells its fields in lower case. Raises MalformedAnswer."""
    return {field(tag, key, str): field(tag, value, str) for tag in tags}
