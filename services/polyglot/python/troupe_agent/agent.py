"""What an author writes: an agent and its capabilities."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from troupe.v1.agent_card_pb2 import AgentCard, Capability

from .messages import seconds
from .task import Task

Handler = Callable[[Any, Task], Awaitable[Any]]
"""Does a task: takes its payload and the Task, returns the payload of the RESULT, both plain JSON."""

BroadcastHandler = Callable[[Any], Awaitable[Any]]
"""Hears a broadcast's payload; returns a reply, or None to acknowledge it."""


class Agent:
    """A named role with capabilities. `id` and the names are `a-z A-Z 0-9 . _ -`."""

    def __init__(
        self,
        id: str,
        *,
        description: str = "",
        version: str = "",
        max_concurrency: int = 0,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """`max_concurrency`: how many tasks are worked on at once; more are refused. 0: any number."""
        self.card = AgentCard(
            id=id,
            instance_id=str(uuid4()),
            name=id,
            version=version,
            description=description,
            max_concurrency=max_concurrency,
            labels=labels,
            serves_link=True,
            protocol_revision=1,
        )
        self.handlers: dict[str, Handler] = {}
        self.broadcast_handler: BroadcastHandler | None = None

    def capability(
        self,
        name: str,
        *,
        description: str = "",
        input_schema: Mapping[str, Any] | None = None,
        output_schema: Mapping[str, Any] | None = None,
        idempotent: bool = False,
        default_ttl: float | None = None,
    ) -> Callable[[Handler], Handler]:
        """Makes the coroutine function below it a capability. `default_ttl` is in seconds, at most 3,600.

        The orchestrator checks payloads against `input_schema` (JSON Schema 2020-12) before it sends a task.
        """

        def add(handler: Handler) -> Handler:
            entry = Capability(name=name, description=description, idempotent=idempotent)
            if input_schema is not None:
                entry.input_schema.CopyFrom(json_format.ParseDict(input_schema, Struct()))
            if output_schema is not None:
                entry.output_schema.CopyFrom(json_format.ParseDict(output_schema, Struct()))
            if default_ttl is not None:
                entry.default_ttl.FromNanoseconds(round(default_ttl * 1e9))
            self.card.capabilities.append(entry)
            self.handlers[name] = handler
            return handler

        return add

    def on_broadcast(self, handler: BroadcastHandler) -> BroadcastHandler:
        """Makes the coroutine function below it hear broadcasts. Without one, they are acknowledged."""
        self.broadcast_handler = handler
        return handler

    def default_ttl(self, capability: str) -> float | None:
        """How long a task for the capability lives when nothing else says, in seconds, if it says so."""
        for entry in self.card.capabilities:
            if entry.name == capability and entry.HasField("default_ttl"):
                return seconds(entry.default_ttl)
        return None

    def run(self) -> None:
        """Serves the agent, announces it, and drains it on SIGTERM: see `serving`. Returns when it has left."""
        from .serving import serve

        asyncio.run(serve(self))
