"""An agent for what Python does well with nothing but its standard library: describing numbers."""

import asyncio
import os
import random
import statistics
from typing import Any

from probe import offer_probe
from troupe_agent import Agent, Task, TroupeError

NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 10_000}

agent = Agent("statistician", version="1.0.0", description="Describes lists of numbers.", max_concurrency=64)


@agent.capability(
    "numbers.describe",
    description="Mean, median, spread and quartiles of a list of numbers.",
    input_schema={"type": "object", "properties": {"numbers": NUMBERS}, "required": ["numbers"]},
    idempotent=True,
)
async def describe(payload: Any, task: Task) -> dict[str, Any]:
    numbers = _numbers(payload)
    return {
        "count": len(numbers),
        "mean": statistics.fmean(numbers),
        "median": statistics.median(numbers),
        "stdev": statistics.stdev(numbers),
        "quartiles": statistics.quantiles(numbers, n=4),
        "range": [min(numbers), max(numbers)],
    }


@agent.capability(
    "numbers.bootstrap",
    description="A 95 % confidence interval of the mean, by resampling. Tells its progress.",
    input_schema={
        "type": "object",
        "properties": {
            "numbers": NUMBERS,
            "resamples": {"type": "integer", "minimum": 100, "maximum": 100_000},
            "seed": {"type": "integer"},
        },
        "required": ["numbers"],
    },
    idempotent=True,
)
async def bootstrap(payload: Any, task: Task) -> dict[str, Any]:
    numbers = _numbers(payload)
    resamples = payload.get("resamples", 1000)
    draw = random.Random(payload.get("seed"))
    means: list[float] = []
    while len(means) < resamples:
        # In a thread: the event loop must turn for the other tasks, and for a CANCEL of this one.
        part = min(resamples - len(means), max(resamples // 10, 1))
        means += await asyncio.to_thread(_resample, draw, numbers, part)
        await task.progress({"done": len(means), "of": resamples})
    low, *_, high = statistics.quantiles(means, n=40)
    return {"mean": statistics.fmean(numbers), "low": low, "high": high}


@agent.on_broadcast
async def on_broadcast(payload: Any) -> Any:
    return {"python": payload["ask"]} if isinstance(payload, dict) and "ask" in payload else None


def _resample(draw: random.Random, numbers: list[float], times: int) -> list[float]:
    return [statistics.fmean(draw.choices(numbers, k=len(numbers))) for _ in range(times)]


def _numbers(payload: Any) -> list[float]:
    """The numbers, for a caller who asks us directly: the orchestrator has checked them already."""
    match payload:
        case {"numbers": [_, _, *_] as numbers} if all(type(n) in (int, float) for n in numbers):
            return numbers
    violation = ("payload.numbers", "must be a list of at least two numbers")
    raise TroupeError("INVALID_PAYLOAD", " ".join(violation), [violation])


if os.environ.get("TROUPE_CONFORMANCE") == "1":
    offer_probe(agent)

if __name__ == "__main__":
    agent.run()
