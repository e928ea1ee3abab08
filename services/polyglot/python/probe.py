"""`conformance.probe`: by which `troupe verify` holds an agent against the contract."""

import asyncio
from typing import Any

from troupe_agent import Agent, Task

_SCHEMA = {
    "type": ["object", "null"],
    "properties": {
        "delay_ms": {"type": "number", "minimum": 0, "maximum": 60_000},
        "progress": {"type": "integer", "minimum": 0, "maximum": 10_000},
        "fail": {"type": "string"},
        "size": {"type": "integer", "minimum": 0, "maximum": 8_388_608},
        "echo": {},
    },
    "additionalProperties": False,
}


def offer_probe(agent: Agent) -> None:
    """Adds the capability: waits, tells progress, fails or echoes, as it is asked."""

    @agent.capability("conformance.probe", input_schema=_SCHEMA, idempotent=True)
    async def probe(payload: Any, task: Task) -> dict[str, Any]:
        order = payload or {}
        await asyncio.sleep(order.get("delay_ms", 0) / 1000)
        for n in range(1, order.get("progress", 0) + 1):
            await task.progress({"n": n})
        if order.get("fail"):
            raise RuntimeError(order["fail"])
        result = {"echo": order.get("echo"), "received": _received(task)}
        if order.get("size"):
            result["data"] = "x" * order["size"]
        return result


def _received(task: Task) -> dict[str, Any]:
    message = task.message
    return {
        "attempt": message.attempt,
        "idempotency_key": message.idempotency_key,
        "hops": message.hops,
        "sender": message.sender,
        "headers": dict(message.headers),
        "attachments": [
            {"name": a.name, "media_type": a.media_type, "bytes": len(a.data)} for a in message.attachments
        ],
    }
