"""Payloads: `google.protobuf.Value` to and from what the `json` module speaks."""

import math
from typing import Any

from google.protobuf.struct_pb2 import NULL_VALUE, Value

from .reasons import TroupeError

_MAX_DEPTH = 32
_MAX_EXACT_INTEGER = 2**53


def from_value(value: Value, path: str = "payload", depth: int = 0) -> Any:
    """The JSON that a Value holds; whole numbers come as `int`. INVALID_PAYLOAD where it is none."""
    kind = value.WhichOneof("kind")
    if kind in ("struct_value", "list_value"):
        _check_depth(depth, path)
    match kind:
        case "number_value":
            return _number(value.number_value, path)
        case "string_value" | "bool_value":
            return getattr(value, kind)
        case "list_value":
            items = enumerate(value.list_value.values)
            return [from_value(item, f"{path}[{i}]", depth + 1) for i, item in items]
        case "struct_value":
            fields = value.struct_value.fields.items()
            return {name: from_value(field, f"{path}.{name}", depth + 1) for name, field in fields}
    return None


def to_value(json: Any, path: str = "payload", depth: int = 0) -> Value:
    """JSON as a Value. INVALID_PAYLOAD for NaN, Infinity, nesting over 32, and what is no JSON."""
    if isinstance(json, list | tuple | dict):
        _check_depth(depth, path)
    match json:
        case None:
            return Value(null_value=NULL_VALUE)
        case bool():
            return Value(bool_value=json)
        case int() | float():
            _number(json, path)
            return Value(number_value=json)
        case str():
            return Value(string_value=json)
        case list() | tuple():
            value = Value()
            value.list_value.SetInParent()
            items = (to_value(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(json))
            value.list_value.values.extend(items)
            return value
        case dict():
            value = Value()
            value.struct_value.SetInParent()
            for name, field in json.items():
                value.struct_value.fields[name].CopyFrom(to_value(field, f"{path}.{name}", depth + 1))
            return value
    raise _invalid(path, f"is a {type(json).__name__}, which is no JSON")


def _number(number: float, path: str) -> float:
    if not math.isfinite(number):
        raise _invalid(path, f"is {number}, which is no JSON number")
    whole = int(number)
    return whole if whole == number and abs(whole) <= _MAX_EXACT_INTEGER else number


def _check_depth(depth: int, path: str) -> None:
    if depth >= _MAX_DEPTH:
        raise _invalid(path, f"is nested over {_MAX_DEPTH} deep")


def _invalid(path: str, description: str) -> TroupeError:
    # A path into nested data may be longer than all that it leads to.
    short = path if len(path) <= 80 else f"{path[:60]}…"
    return TroupeError("INVALID_PAYLOAD", f"{short} {description}", [(short, description)])
