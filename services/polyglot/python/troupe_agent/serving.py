"""One process that serves one instance of an agent."""

import asyncio
import json
import logging
import os
import signal

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from troupe.v1 import agent_service_pb2
from troupe.v1.agent_service_pb2_grpc import add_AgentServiceServicer_to_server

from .agent import Agent
from .announcer import Announcer
from .runner import Runner
from .service import Service

_GRACE_S = 10.0
_CLOSE_GRACE_S = 1.0
# Two processes must not share a port without knowing of each other.
_SERVER_OPTIONS = (("grpc.so_reuseport", 0),)


async def serve(agent: Agent) -> None:
    """Serves, announces, and on SIGTERM or SIGINT drains. Returns when the instance has left.

    Environment: TROUPE_LISTEN (default `127.0.0.1:0`), TROUPE_ORCHESTRATORS (`host:port`, comma between), TROUPE_ADVERTISE (default:
    the host that the orchestrator sees, with our port). Writes `{"ready":true,"address":…}` to standard output once it
    serves.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    leaving = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, leaving.set)

    runner = Runner(agent)
    service = Service(runner)
    health_service = health.aio.HealthServicer()
    server = grpc.aio.server(options=_SERVER_OPTIONS)
    add_AgentServiceServicer_to_server(service, server)
    health_pb2_grpc.add_HealthServicer_to_server(health_service, server)
    name = agent_service_pb2.DESCRIPTOR.services_by_name["AgentService"].full_name
    reflection.enable_server_reflection((name, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    for served in ("", name):
        await health_service.set(served, health_pb2.HealthCheckResponse.SERVING)

    listen = os.environ.get("TROUPE_LISTEN") or "127.0.0.1:0"
    port = server.add_insecure_port(listen)
    await server.start()
    host = listen.rpartition(":")[0]
    ready = {"ready": True, "address": f"{host}:{port}"}
    print(json.dumps(ready, separators=(",", ":")), flush=True)
    orchestrators = [o.strip() for o in os.environ.get("TROUPE_ORCHESTRATORS", "").split(",") if o.strip()]
    address = os.environ.get("TROUPE_ADVERTISE") or f":{port}"
    announcers = [Announcer(orchestrator, agent.card, address) for orchestrator in orchestrators]

    await leaving.wait()
    await health_service.enter_graceful_shutdown()
    try:
        await asyncio.wait_for(service.drain(), _GRACE_S)
    except TimeoutError:
        logging.warning("not all tasks ended in %s s: cutting them off", _GRACE_S)
    # Not before: an orchestrator lets go of an instance that has left, and of what it had in flight.
    await asyncio.gather(*(announcer.leave() for announcer in announcers))
    await server.stop(_CLOSE_GRACE_S)
