"""Messages: what a receiver fills in and refuses, and replies."""

import os
import time
from uuid import UUID

from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value
from google.rpc.status_pb2 import Status

from troupe.v1.agent_message_pb2 import (
    MESSAGE_TYPE_ERROR,
    MESSAGE_TYPE_TASK,
    AgentMessage,
    MessageType,
)

from .reasons import TroupeError

MAX_MESSAGE_BYTES = 4 * 1024 * 1024 - 64 * 1024

_DEFAULT_TTL_S = 30.0
_MAX_TTL_S = 3600.0
_MAX_HOPS = 16
_MAX_HEADERS = 32
_MAX_HEADER_BYTES = 8 * 1024


def complete(message: AgentMessage, sender: str = "anonymous") -> AgentMessage:
    """Fills in what a receiver fills in where it is empty, in the message itself."""
    message.id = message.id or uuid7()
    message.sender = message.sender or sender
    message.type = message.type or MESSAGE_TYPE_TASK
    if not message.HasField("timestamp"):
        message.timestamp.GetCurrentTime()
    return message


def reply(about: AgentMessage, kind: MessageType, sender: str, payload: Value | None = None) -> AgentMessage:
    """A message about another one, back to its sender."""
    message = AgentMessage(
        receiver=about.sender,
        type=kind,
        correlation_id=about.id,
        capability=about.capability,
        attempt=about.attempt,
        payload=payload,
    )
    return complete(message, sender)


def error_reply(about: AgentMessage, sender: str, error: Status) -> AgentMessage:
    """The ERROR that answers a message."""
    message = reply(about, MESSAGE_TYPE_ERROR, sender)
    message.error.CopyFrom(error)
    return message


def time_to_live(
    message: AgentMessage, call_remaining: float | None, default_ttl: float | None = None
) -> float:
    """How long a message that arrives now may live, in seconds; zero or less: it has expired.

    `call_remaining` is what its gRPC deadline leaves; `None` where there is none, as on a link. Less a margin, in which the answer
    gets back with its reason.
    """
    limits = [_MAX_TTL_S]
    if message.HasField("ttl"):
        limits.append(seconds(message.ttl))
    if call_remaining is not None:
        limits.append(call_remaining - min(max(call_remaining * 0.05, 0.002), 0.05))
    if len(limits) == 1:
        limits.append(default_ttl or _DEFAULT_TTL_S)
    return min(limits)


def check(message: AgentMessage) -> None:
    """Refuses a message that breaks a rule: HOP_LIMIT, or INVALID_MESSAGE with every violation."""
    if message.hops > _MAX_HOPS:
        text = f"The work was passed on by {message.hops} agents, and {_MAX_HOPS} is the limit."
        raise TroupeError("HOP_LIMIT", text)
    violations = []
    if message.ttl.seconds < 0 or message.ttl.nanos < 0:
        violations.append(("ttl", "is negative: send the time that remains"))
    if len(message.headers) > _MAX_HEADERS:
        violations.append(("headers", f"are {len(message.headers)}, and {_MAX_HEADERS} is the limit"))
    if sum(len(text.encode()) for pair in message.headers.items() for text in pair) > _MAX_HEADER_BYTES:
        violations.append(("headers", f"have over {_MAX_HEADER_BYTES} bytes together"))
    names = [attachment.name for attachment in message.attachments]
    if "" in names or len(set(names)) < len(names):
        violations.append(("attachments", "need a name each, and each name once"))
    if violations:
        field, description = violations[0]
        text = f"The message is not valid: {field} {description}."
        raise TroupeError("INVALID_MESSAGE", text, violations)


def seconds(duration: Duration) -> float:
    """A protobuf Duration in seconds."""
    return duration.seconds + duration.nanos / 1e9


def uuid7() -> str:
    """A UUID that sorts by the time it was made (RFC 9562)."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | int.from_bytes(os.urandom(10))
    number = number & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62
    return str(UUID(int=number))
