"""The serving end of a link, by its rules in `agent_service.proto`."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from troupe.v1.agent_message_pb2 import (
    MESSAGE_TYPE_BROADCAST,
    MESSAGE_TYPE_CANCEL,
    MESSAGE_TYPE_HEARTBEAT,
    MESSAGE_TYPE_TASK,
    AgentMessage,
)
from troupe.v1.agent_service_pb2 import AgentServiceLinkRequest

from .messages import MAX_MESSAGE_BYTES, complete
from .reasons import TroupeError
from .runner import Runner, Work, acknowledgement

_MAX_BATCH_MESSAGES = 256
_MAX_BATCH_BYTES = 256 * 1024
# How much may wait before the opener is read no further: sixteen full batches, and the largest message.
_MAX_WAITING_MESSAGES = 4096
_MAX_WAITING_BYTES = 4 * 1024 * 1024
_MAX_WAITING_PROGRESS = 256
_MAX_WAITING_PROGRESS_BYTES = 1024 * 1024
_HALF_CLOSE_WAIT_S = 1.0


@dataclass
class _InFlight:
    """A TASK or BROADCAST that was taken, and its PROGRESS that waits to be read."""

    work: Work | None = None
    stopped_by: TroupeError | None = None
    waiting: int = 0
    waiting_bytes: int = 0

    def stop(self, reason: TroupeError) -> None:
        self.stopped_by = self.stopped_by or reason
        if self.work:
            self.work.cancel()


class Link:
    """One link: `read` takes what the opener sends, `batches` yields what there is to answer."""

    def __init__(self, runner: Runner) -> None:
        self.ended = asyncio.Event()
        """Set when the link has ended."""
        self._runner = runner
        self._in_flight: dict[str, _InFlight] = {}
        self._outbox: deque[tuple[AgentMessage, int, _InFlight | None]] = deque()
        self._outbox_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._changed = asyncio.Event()
        self._half_closed = False
        self._give_up_at = float("inf")
        if runner.draining:
            self.drain()

    async def read(self, requests: AsyncIterator[AgentServiceLinkRequest]) -> None:
        """Takes what comes, until the opener half-closes or the stream breaks.

        Who asks on and on, and does not read what is answered, is not read either until there is room: HTTP/2
        then holds up its requests.
        """
        async for request in requests:
            for message in request.messages:
                self._receive(complete(message))
            await self._room.wait()
        self._half_closed = True
        self._changed.set()

    async def batches(self) -> AsyncIterator[list[AgentMessage]]:
        """Whatever is ready, at once, in the bounds of a batch. Ends when the link may end."""
        while True:
            self._changed.clear()
            if self._outbox:
                yield self._take()
            elif self._done():
                return
            else:
                await self._wait()

    def drain(self) -> None:
        """Says that the instance is about to leave."""
        news = self._runner.heartbeat(AgentMessage())
        news.ClearField("correlation_id")
        self._push(news)

    def cancel_all(self) -> None:
        """Cancels what is in flight: the link is gone."""
        for entry in list(self._in_flight.values()):
            entry.stop(TroupeError("TASK_CANCELLED", "The link that the task came over broke."))

    def _receive(self, message: AgentMessage) -> None:
        try:
            match message.type:
                case t if t == MESSAGE_TYPE_TASK or t == MESSAGE_TYPE_BROADCAST:
                    self._start(message)
                case t if t == MESSAGE_TYPE_CANCEL:
                    if entry := self._in_flight.get(message.correlation_id):
                        entry.stop(TroupeError("TASK_CANCELLED", "The caller cancelled the task."))
                case t if t == MESSAGE_TYPE_HEARTBEAT:
                    self._push(self._runner.heartbeat(message))
                case t:
                    text = f"The opener of a link sends TASK, CANCEL, BROADCAST and HEARTBEAT, not type {t}."
                    raise TroupeError("UNKNOWN_MESSAGE_TYPE", text)
        except TroupeError as error:
            self._push(self._runner.refuse(message, error))

    def _start(self, message: AgentMessage) -> None:
        if message.id in self._in_flight:
            raise TroupeError("DUPLICATE_ID", f"A message with the id {message.id} is already in flight.")
        entry = _InFlight()
        if message.type == MESSAGE_TYPE_TASK:
            entry.work = self._runner.start(message, None, lambda news: self._report(entry, news))
        else:
            entry.work = self._runner.hear(message, None)
        self._in_flight[message.id] = entry
        entry.work.add_done_callback(lambda work: self._ended(message, entry, work))

    def _report(self, entry: _InFlight, news: AgentMessage) -> None:
        """Sends PROGRESS, unless too much of it waits for its reader."""
        size = news.ByteSize()
        if size > MAX_MESSAGE_BYTES:
            text = f"The PROGRESS has {size} bytes, and {MAX_MESSAGE_BYTES} is the limit."
            raise TroupeError("MESSAGE_TOO_LARGE", text)
        too_many = entry.waiting >= _MAX_WAITING_PROGRESS
        too_large = entry.waiting and entry.waiting_bytes + size > _MAX_WAITING_PROGRESS_BYTES
        if too_many or too_large:
            text = "Over 256 PROGRESS, or 1 MiB of them, wait to be read: read faster."
            entry.stop(TroupeError("SLOW_READER", text))
        elif not entry.stopped_by:
            entry.waiting += 1
            entry.waiting_bytes += size
            self._push(news, entry)

    def _ended(self, message: AgentMessage, entry: _InFlight, work: Work) -> None:
        del self._in_flight[message.id]
        if entry.stopped_by:
            self._push(self._runner.refuse(message, entry.stopped_by))
        elif not work.cancelled():
            self._push(work.result() or acknowledgement(message, self._runner.agent.card.id))
        self._changed.set()

    def _push(self, message: AgentMessage, entry: _InFlight | None = None) -> None:
        size = message.ByteSize()
        self._outbox.append((message, size, entry))
        self._outbox_bytes += size
        self._note_room()
        self._changed.set()

    def _take(self) -> list[AgentMessage]:
        batch: list[AgentMessage] = []
        room = _MAX_BATCH_BYTES
        while self._outbox and len(batch) < _MAX_BATCH_MESSAGES:
            message, size, entry = self._outbox[0]
            if batch and size > room:
                break
            self._outbox.popleft()
            batch.append(message)
            room -= size
            self._outbox_bytes -= size
            if entry:
                entry.waiting -= 1
                entry.waiting_bytes -= size
        self._note_room()
        return batch

    def _note_room(self) -> None:
        """Notes whether no more waits than should. Nothing is refused beyond it."""
        if len(self._outbox) <= _MAX_WAITING_MESSAGES and self._outbox_bytes <= _MAX_WAITING_BYTES:
            self._room.set()
        else:
            self._room.clear()

    def _done(self) -> bool:
        """Whether all is said: nothing is in flight, and no more can come."""
        if self._in_flight:
            return False
        now = asyncio.get_running_loop().time()
        if self._runner.draining:
            self._give_up_at = min(self._give_up_at, now + _HALF_CLOSE_WAIT_S)
        return self._half_closed or now >= self._give_up_at

    async def _wait(self) -> None:
        until = None if self._give_up_at == float("inf") or self._in_flight else self._give_up_at
        try:
            async with asyncio.timeout_at(until):
                await self._changed.wait()
        except TimeoutError:
            pass  # An opener that does not half-close is waited for no longer.
