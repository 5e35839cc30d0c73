"""Between Terraform's protocol 6 and plain values (stand-in): schemas, values, paths, diagnostics.

Of the Python package `tf` this uses the generated messages and the msgpack helpers, nothing else.
"""

from collections.abc import Iterable
from typing import Any

from msgpack.ext import ExtType
from tf.gen import tfplugin_pb2 as pb
from tf.types import Unknown as TfUnknown
from tf.utils import read_dynamic_value, to_dynamic_value

from sandbox.confluent.provider.planning import UNKNOWN, Path
from sandbox.confluent.provider.schema import Attribute, Block, Body, Schema

NESTED_SINGLE, NESTED_LIST = 1, 2


def schema_message(schema: Schema) -> Any:
    """Return a schema as a message."""
    return pb.Schema(version=schema.version, block=_block_message(schema.body))


def _block_message(body: Body) -> Any:
    message = pb.Schema.Block()
    for name, part in sorted(body.items()):
        if isinstance(part, Attribute):
            message.attributes.append(_attribute_message(name, part))
        else:
            message.block_types.append(_nested_message(name, part))
    return message


def _attribute_message(name: str, part: Attribute) -> Any:
    return pb.Schema.Attribute(
        name=name,
        type=part.type.encode(),
        required=part.required,
        optional=part.optional,
        computed=part.computed,
        sensitive=part.sensitive,
    )


def _nested_message(name: str, part: Block) -> Any:
    return pb.Schema.NestedBlock(
        type_name=name,
        block=_block_message(part.body),
        min_items=part.smallest,
        max_items=part.largest,
        nesting=NESTED_SINGLE if part.single else NESTED_LIST,
    )


def read_value(message: Any) -> Any:
    """Return a value; what is not known yet, refined or not, is UNKNOWN."""
    return _known(read_dynamic_value(message))


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _known(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_known(each) for each in value]
    return UNKNOWN if value is TfUnknown or isinstance(value, ExtType) else value


def value_message(value: Any) -> Any:
    """Return a value as a message."""
    return to_dynamic_value(_unknown(value))


def _unknown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unknown(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_unknown(each) for each in value]
    return TfUnknown if value is UNKNOWN else value


def path_message(path: Path) -> Any:
    """Return the path of an attribute as a message."""
    step = pb.AttributePath.Step
    steps = [step(element_key_int=each) if isinstance(each, int) else step(attribute_name=each) for each in path]
    return pb.AttributePath(steps=steps)


def error(summary: str, path: Path | None = None) -> Any:
    """Return an error diagnostic."""
    return pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=summary, attribute=path_message(path) if path else None)


def warning(summary: str, detail: str) -> Any:
    """Return a warning diagnostic."""
    return pb.Diagnostic(severity=pb.Diagnostic.WARNING, summary=summary, detail=detail)


def errors(found: Iterable[tuple[Path, str]]) -> list[Any]:
    """Return error diagnostics for what is wrong, and where."""
    return [error(sentence, path) for path, sentence in found]
