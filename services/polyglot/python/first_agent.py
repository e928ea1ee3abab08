"""The first agent in Python from the proto alone: Describe, Handle, and an announcement that is renewed."""

import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict

from troupe.v1 import agent_service_pb2_grpc, orchestrator_service_pb2_grpc
from troupe.v1.agent_card_pb2 import AgentCard, Capability
from troupe.v1.agent_message_pb2 import MESSAGE_TYPE_HEARTBEAT, MESSAGE_TYPE_RESULT, AgentMessage
from troupe.v1.agent_service_pb2 import DescribeResponse, HandleResponse
from troupe.v1.agent_status_pb2 import AGENT_STATUS_IDLE
from troupe.v1.orchestrator_service_pb2 import RegisterRequest

CARD = AgentCard(
    id="greeter", instance_id=str(uuid.uuid4()), capabilities=[Capability(name="text.greet")]
)


class Greeter(agent_service_pb2_grpc.AgentServiceServicer):
    def Describe(self, request, context):
        return DescribeResponse(card=CARD)

    def Handle(self, request, context):
        asked = request.message
        reply = AgentMessage(type=MESSAGE_TYPE_RESULT, correlation_id=asked.id)
        if asked.type == MESSAGE_TYPE_HEARTBEAT:
            reply.type = MESSAGE_TYPE_HEARTBEAT
            reply.heartbeat.status = AGENT_STATUS_IDLE
        else:
            name = MessageToDict(asked.payload)["name"]
            ParseDict({"greeting": f"Hello, {name}!"}, reply.payload)
        return HandleResponse(message=reply)


server = grpc.server(ThreadPoolExecutor())
agent_service_pb2_grpc.add_AgentServiceServicer_to_server(Greeter(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
channel = grpc.insecure_channel(os.environ["TROUPE_ORCHESTRATORS"])
orchestrator = orchestrator_service_pb2_grpc.OrchestratorServiceStub(channel)
announcement = RegisterRequest(agent_id=CARD.id, instance_id=CARD.instance_id, address=f":{port}")
while True:
    try:
        time.sleep(orchestrator.Register(announcement).lease.seconds / 3)
    except grpc.RpcError:
        time.sleep(1)
