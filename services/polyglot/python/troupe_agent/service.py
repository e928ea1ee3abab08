"""AgentService: Describe, Handle and Link, all from the same runner."""

import asyncio
from collections.abc import AsyncIterator

import grpc
from google.rpc.status_pb2 import Status

from troupe.v1.agent_message_pb2 import (
    MESSAGE_TYPE_BROADCAST,
    MESSAGE_TYPE_HEARTBEAT,
    MESSAGE_TYPE_TASK,
    AgentMessage,
)
from troupe.v1.agent_service_pb2 import (
    AgentServiceLinkRequest,
    AgentServiceLinkResponse,
    DescribeRequest,
    DescribeResponse,
    HandleRequest,
    HandleResponse,
)
from troupe.v1.agent_service_pb2_grpc import AgentServiceServicer

from .link import Link
from .messages import complete
from .reasons import TroupeError
from .runner import Runner

_FORWARDED_METADATA = ("traceparent", "tracestate", "baggage")


class Service(AgentServiceServicer):
    """What the server calls."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._links: set[Link] = set()

    async def Describe(self, request: DescribeRequest, context: grpc.aio.ServicerContext) -> DescribeResponse:
        return DescribeResponse(card=self._runner.agent.card)

    async def Handle(self, request: HandleRequest, context: grpc.aio.ServicerContext) -> HandleResponse:
        holds_message = request.HasField("message")
        message = complete(request.message)
        for name, value in context.invocation_metadata() or ():
            if name in _FORWARDED_METADATA and name not in message.headers:
                message.headers[name] = value
        try:
            if not holds_message:
                text = "The request holds no message."
                raise TroupeError("INVALID_MESSAGE", text, [("message", "is missing")])
            return HandleResponse(message=await self._answer(message, context.time_remaining()))
        except TroupeError as error:
            return HandleResponse(message=self._runner.refuse(message, error))

    async def Link(
        self, request_iterator: AsyncIterator[AgentServiceLinkRequest], context: grpc.aio.ServicerContext
    ) -> None:
        link = Link(self._runner)
        self._links.add(link)
        reading = asyncio.create_task(link.read(request_iterator))
        try:
            async for batch in link.batches():
                await context.write(AgentServiceLinkResponse(messages=batch))
        finally:
            self._links.discard(link)
            reading.cancel()
            link.cancel_all()
            link.ended.set()
        if self._runner.draining:
            text = "This instance is about to leave and takes nothing new."
            await _abort(context, TroupeError("DRAINING", text).to_status(agent=self._runner.agent.card.id))

    async def drain(self) -> None:
        """Takes nothing new, tells every link, and waits until what is in flight has been answered."""
        self._runner.draining = True
        links = list(self._links)
        for link in links:
            link.drain()
        await self._runner.idle.wait()
        for link in links:
            await link.ended.wait()

    async def _answer(self, message: AgentMessage, remaining: float | None) -> AgentMessage | None:
        if message.type == MESSAGE_TYPE_TASK:
            return await self._runner.start(message, remaining, None)
        if message.type == MESSAGE_TYPE_BROADCAST:
            return await self._runner.hear(message, remaining)
        if message.type == MESSAGE_TYPE_HEARTBEAT:
            return self._runner.heartbeat(message)
        text = f"Handle takes TASK, BROADCAST and HEARTBEAT, not type {message.type}."
        raise TroupeError("UNKNOWN_MESSAGE_TYPE", text)


async def _abort(context: grpc.aio.ServicerContext, status: Status) -> None:
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    details = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(code, status.message, details)
