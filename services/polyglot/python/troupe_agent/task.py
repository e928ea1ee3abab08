"""A task, as its handler sees it."""

import asyncio
from collections.abc import Callable
from typing import Any

from troupe.v1.agent_message_pb2 import MESSAGE_TYPE_PROGRESS, AgentMessage, Attachment

from .messages import reply
from .values import to_value

Report = Callable[[AgentMessage], None]
"""Where PROGRESS goes."""


class Task:
    """What a handler is given beside the payload.

    It is cancelled as any coroutine in asyncio: when its caller cancels or its time is up, CancelledError is raised where it
    waits.
    """

    def __init__(self, message: AgentMessage, agent_id: str, deadline: float, report: Report | None) -> None:
        self.message = message
        """The whole message: headers, attachments, idempotency_key, sender and all."""
        self.deadline = deadline
        """When its time is up, by the event loop's clock (`loop.time()`)."""
        self.attachments: list[Attachment] = []
        """What goes out with the RESULT."""
        self._agent_id = agent_id
        self._report = report
        self._sequence = 0

    async def progress(self, payload: Any) -> None:
        """Tells the caller how the work is going. Without effect where the task did not come over a link."""
        if self._report:
            self._sequence += 1
            news = reply(self.message, MESSAGE_TYPE_PROGRESS, self._agent_id, to_value(payload))
            news.sequence = self._sequence
            self._report(news)
        # What was told can leave only while the event loop turns.
        await asyncio.sleep(0)
