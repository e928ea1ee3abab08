"""Keeps an instance announced to one orchestrator."""

import asyncio
import logging
import random

import grpc

from troupe.v1.agent_card_pb2 import AgentCard
from troupe.v1.orchestrator_service_pb2 import DeregisterRequest, RegisterRequest
from troupe.v1.orchestrator_service_pb2_grpc import OrchestratorServiceStub

from .messages import seconds

_FIRST_BACKOFF_S = 0.1
_LONGEST_BACKOFF_S = 1.0
_REGISTER_TIMEOUT_S = 5.0
_DEREGISTER_TIMEOUT_S = 1.0
# gRPC's own backoff between attempts to connect grows to two minutes.
_CHANNEL_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
)

_log = logging.getLogger("troupe")


class Announcer:
    """Announces, renews the lease at a third of it, and announces anew as soon as the connection breaks."""

    def __init__(self, orchestrator: str, card: AgentCard, address: str) -> None:
        self._orchestrator = orchestrator
        self._card = card
        self._address = address
        self._leaving = asyncio.Event()
        self._running = asyncio.create_task(self._run())

    async def leave(self) -> None:
        """Takes the instance off the roster. An orchestrator that does not answer is left to its lease."""
        self._leaving.set()
        # Not cancelled: a Register that is taken up after the Deregister would bring the instance back.
        await self._running
        request = DeregisterRequest(agent_id=self._card.id, instance_id=self._card.instance_id)
        async with grpc.aio.insecure_channel(self._orchestrator, _CHANNEL_OPTIONS) as channel:
            try:
                await OrchestratorServiceStub(channel).Deregister(request, timeout=_DEREGISTER_TIMEOUT_S)
            except grpc.RpcError as error:
                _log.warning("%s was not told that we leave: %s", self._orchestrator, error.details())

    async def _run(self) -> None:
        request = RegisterRequest(
            agent_id=self._card.id, instance_id=self._card.instance_id, address=self._address
        )
        backoff = _FIRST_BACKOFF_S
        announced = False
        async with grpc.aio.insecure_channel(self._orchestrator, _CHANNEL_OPTIONS) as channel:
            orchestrator = OrchestratorServiceStub(channel)
            while not self._leaving.is_set():
                try:
                    response = await orchestrator.Register(request, timeout=_REGISTER_TIMEOUT_S)
                except grpc.RpcError as error:
                    if announced or backoff == _FIRST_BACKOFF_S:
                        _log.warning("not announced to %s: %s", self._orchestrator, error.details())
                    announced = False
                    await self._pause(backoff * random.uniform(0.5, 1))
                    backoff = min(backoff * 2, _LONGEST_BACKOFF_S)
                    continue
                if not announced:
                    _log.info("announced to %s as %s", self._orchestrator, response.address)
                announced, backoff = True, _FIRST_BACKOFF_S
                broken = channel.wait_for_state_change(grpc.ChannelConnectivity.READY)
                await self._pause(seconds(response.lease) / 3, asyncio.ensure_future(broken))

    async def _pause(self, at_most: float, broken: asyncio.Future[None] | None = None) -> None:
        """Waits, but no longer than the connection stands, nor after `leave` was called."""
        leaving = asyncio.ensure_future(self._leaving.wait())
        ends = {leaving, broken} if broken else {leaving}
        await asyncio.wait(ends, timeout=at_most, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
