"""Works on tasks and broadcasts: refuses what must be refused before any work, runs the handler, counts."""

import asyncio

from google.protobuf.struct_pb2 import Value

from troupe.v1.agent_message_pb2 import (
    MESSAGE_TYPE_ERROR,
    MESSAGE_TYPE_HEARTBEAT,
    MESSAGE_TYPE_RESULT,
    AgentMessage,
    Heartbeat,
)
from troupe.v1.agent_status_pb2 import (
    AGENT_STATUS_BUSY,
    AGENT_STATUS_DRAINING,
    AGENT_STATUS_ERROR,
    AGENT_STATUS_IDLE,
)

from .agent import Agent
from .messages import MAX_MESSAGE_BYTES, check, error_reply, reply, time_to_live
from .reasons import TroupeError
from .task import Report, Task
from .values import from_value, to_value

Work = asyncio.Task[AgentMessage | None]
"""Work on a message, ending with its reply; None acknowledges a broadcast. Cancelling it stops the handler."""


class Runner:
    """What Handle and Link share: all of an instance's work."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.draining = False
        self.idle = asyncio.Event()
        """Set while no task is in flight."""
        self.idle.set()
        self._received = 0
        self._in_flight = 0
        self._failed = 0
        self._last_failed = False

    def heartbeat(self, about: AgentMessage) -> AgentMessage:
        """How the instance is, in answer to `about`."""
        if self.draining:
            status = AGENT_STATUS_DRAINING
        elif self._in_flight:
            status = AGENT_STATUS_BUSY
        else:
            status = AGENT_STATUS_ERROR if self._last_failed else AGENT_STATUS_IDLE
        message = reply(about, MESSAGE_TYPE_HEARTBEAT, self.agent.card.id)
        message.heartbeat.CopyFrom(
            Heartbeat(
                status=status, received=self._received, in_flight=self._in_flight, failed=self._failed
            )
        )
        return message

    def refuse(self, message: AgentMessage, error: TroupeError) -> AgentMessage:
        """The ERROR that says why."""
        card = self.agent.card
        status = error.to_status(agent=card.id, instance=card.instance_id, capability=message.capability)
        return error_reply(message, card.id, status)

    def start(self, message: AgentMessage, call_remaining: float | None, report: Report | None) -> Work:
        """Begins work on a TASK. Raises the TroupeError that refuses it before any work."""
        self._received += 1
        try:
            task, payload = self._admit(message, call_remaining, report)
        except TroupeError:
            self._failed += 1
            raise
        self._in_flight += 1
        self.idle.clear()
        work = asyncio.create_task(self._do(task, payload))
        work.add_done_callback(self._ended)
        return work

    def hear(self, message: AgentMessage, call_remaining: float | None) -> Work:
        """Begins work on a BROADCAST. Raises the TroupeError that refuses it."""
        check(message)
        ttl = time_to_live(message, call_remaining)
        if ttl <= 0:
            raise TroupeError("MESSAGE_EXPIRED", "The broadcast had expired before it was looked at.")
        return asyncio.create_task(self._tell(message, from_value(message.payload), ttl))

    def _admit(
        self, message: AgentMessage, call_remaining: float | None, report: Report | None
    ) -> tuple[Task, object]:
        agent = self.agent
        if self.draining:
            raise TroupeError("DRAINING", "This instance is about to leave and takes nothing new.")
        check(message)
        if not message.capability and len(agent.handlers) == 1:
            [message.capability] = agent.handlers
        ttl = time_to_live(message, call_remaining, agent.default_ttl(message.capability))
        if ttl <= 0:
            raise TroupeError("MESSAGE_EXPIRED", "The task had expired before any work on it began.")
        if message.capability not in agent.handlers:
            known = ", ".join(agent.handlers)
            text = f"{agent.card.id} has no capability {message.capability!r}. It has: {known}."
            raise TroupeError("CAPABILITY_NOT_FOUND", text)
        limit = agent.card.max_concurrency
        if limit and self._in_flight >= limit:
            raise TroupeError("OVERLOADED", f"This instance works on {limit} tasks at once.")
        deadline = asyncio.get_running_loop().time() + ttl
        return Task(message, agent.card.id, deadline, report), from_value(message.payload)

    async def _do(self, task: Task, payload: object) -> AgentMessage:
        """Runs the handler; ends with the RESULT or ERROR."""
        message, agent_id = task.message, self.agent.card.id
        clock = asyncio.timeout_at(task.deadline)
        try:
            async with clock:
                output = await self.agent.handlers[message.capability](payload, task)
            result = reply(message, MESSAGE_TYPE_RESULT, agent_id, _answered(output))
            result.attachments.extend(task.attachments)
            if result.ByteSize() > MAX_MESSAGE_BYTES:
                text = f"The result has {result.ByteSize()} bytes, and {MAX_MESSAGE_BYTES} is the limit."
                raise TroupeError("MESSAGE_TOO_LARGE", text)
            return result
        except TroupeError as error:
            return self.refuse(message, error)
        except Exception as error:
            if clock.expired():
                text = "The time ran out before the task had ended. Give it a longer ttl or deadline."
                return self.refuse(message, TroupeError("TASK_TIMED_OUT", text))
            return self.refuse(message, _handler_failed(error))

    async def _tell(self, message: AgentMessage, payload: object, ttl: float) -> AgentMessage | None:
        hear = self.agent.broadcast_handler
        try:
            async with asyncio.timeout(ttl):
                output = await hear(payload) if hear else None
            if output is None:
                return None
            return reply(message, MESSAGE_TYPE_RESULT, self.agent.card.id, _answered(output))
        except TroupeError as error:
            return self.refuse(message, error)
        except Exception as error:
            return self.refuse(message, _handler_failed(error))

    def _ended(self, work: Work) -> None:
        self._in_flight -= 1
        if not self._in_flight:
            self.idle.set()
        # A task that its caller cancelled counts as failed, but is no fault of the instance.
        if work.cancelled():
            self._failed += 1
        else:
            reply = work.result()
            self._last_failed = reply is not None and reply.type == MESSAGE_TYPE_ERROR
            self._failed += self._last_failed


def acknowledgement(message: AgentMessage, sender: str) -> AgentMessage:
    """What acknowledges a broadcast on a link: a RESULT without a payload."""
    return reply(message, MESSAGE_TYPE_RESULT, sender)


def _answered(output: object) -> Value:
    """What a handler answered. Where it is no JSON, the handler is at fault, not its caller's payload."""
    try:
        return to_value(output)
    except TroupeError as error:
        raise ValueError(f"it answered what is no JSON: {error}") from error


def _handler_failed(error: Exception) -> TroupeError:
    return TroupeError("HANDLER_FAILED", str(error) or type(error).__name__)
