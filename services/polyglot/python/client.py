"""A caller in Python, from the proto alone: tasks, their progress, the roster and the shared state.

    PYTHONPATH=gen python client.py localhost:50051 text.greet '{"name": "Ada"}'

Writes a line of JSON for each thing it did.
"""

import asyncio
import json
import sys

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Value
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from troupe.v1 import agent_message_pb2, orchestrator_service_pb2_grpc, roster_pb2, state_entry_pb2, state_service_pb2_grpc
from troupe.v1.agent_message_pb2 import AgentMessage
from troupe.v1.orchestrator_service_pb2 import DispatchRequest, DispatchStreamRequest, WatchAgentsRequest
from troupe.v1.state_service_pb2 import GetRequest, SetRequest, WatchRequest

TIMEOUT_S = 20


async def dispatch(orchestrator, task: AgentMessage) -> None:
    """Asks whoever has the capability, and waits for the RESULT."""
    response = await orchestrator.Dispatch(DispatchRequest(message=task), timeout=TIMEOUT_S)
    tell("dispatch", result=MessageToDict(response.message.payload), agent=response.message.sender)


async def dispatch_stream(orchestrator, task: AgentMessage) -> None:
    """The same, and hears of the progress on the way."""
    async for response in orchestrator.DispatchStream(DispatchStreamRequest(message=task), timeout=TIMEOUT_S):
        kind = agent_message_pb2.MessageType.Name(response.message.type).removeprefix("MESSAGE_TYPE_")
        tell("stream", type=kind, payload=MessageToDict(response.message.payload))


async def fail(orchestrator) -> None:
    """Asks for what nobody can do: the failure has a code for machines, and a reason."""
    task = AgentMessage(sender="client.py", capability="nobody.does-this")
    try:
        await orchestrator.Dispatch(DispatchRequest(message=task), timeout=TIMEOUT_S)
    except grpc.aio.AioRpcError as error:
        tell("error", code=error.code().name, reason=reason_of(error))


async def roster(orchestrator) -> None:
    """Watches the roster until all that is on it has been told."""
    agents = []
    async for response in orchestrator.WatchAgents(WatchAgentsRequest(), timeout=TIMEOUT_S):
        if response.event.type == roster_pb2.ROSTER_EVENT_TYPE_SYNCED:
            break
        agents.append(response.event.agent.id)
    tell("roster", agents=agents)


async def state(store) -> None:
    """Writes an entry once, is refused the second time, and sees the change on a watch."""
    key = "clients/python"
    first = (await store.Set(SetRequest(key=key, value=to_value(1)), timeout=TIMEOUT_S)).entry
    changes = store.Watch(WatchRequest(prefix="clients/", from_revision=first.revision - 1), timeout=TIMEOUT_S)
    change = (await anext(aiter(changes))).event
    changes.cancel()
    try:
        request = SetRequest(key=key, value=to_value(2), if_revision=0)
        await store.Set(request, timeout=TIMEOUT_S)
    except grpc.aio.AioRpcError as error:
        tell("conflict", code=error.code().name, reason=reason_of(error))
    entry = (await store.Get(GetRequest(key=key), timeout=TIMEOUT_S)).entry
    watched = state_entry_pb2.StateEventType.Name(change.type).removeprefix("STATE_EVENT_TYPE_")
    tell("state", value=MessageToDict(entry.value), watched=watched, key=change.entry.key)


def reason_of(error: grpc.aio.AioRpcError) -> str | None:
    """Why a call failed: the mesh's reason, in the details of the status."""
    details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    for detail in Status.FromString(details).details:
        info = ErrorInfo()
        if detail.Unpack(info) and info.domain == "troupe":
            return info.reason
    return None


def to_value(data) -> Value:
    return ParseDict(data, Value())


def tell(step: str, **what) -> None:
    print(json.dumps({"step": step, **what}), flush=True)


async def main(address: str, capability: str, payload: str) -> None:
    task = AgentMessage(sender="client.py", capability=capability, payload=to_value(json.loads(payload)))
    async with grpc.aio.insecure_channel(address) as channel:
        orchestrator = orchestrator_service_pb2_grpc.OrchestratorServiceStub(channel)
        await dispatch(orchestrator, task)
        await dispatch_stream(orchestrator, task)
        await fail(orchestrator)
        await roster(orchestrator)
        await state(state_service_pb2_grpc.StateServiceStub(channel))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
