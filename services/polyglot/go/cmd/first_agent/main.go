// The first agent in Go from the proto alone: Describe, Handle, and an announcement that is renewed.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/google/uuid"
	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"
)

var card = &troupev1.AgentCard{
	Id: "greeter", InstanceId: uuid.NewString(), Capabilities: []*troupev1.Capability{{Name: "text.greet"}},
}

type greeter struct {
	troupev1.UnimplementedAgentServiceServer
}

func (greeter) Describe(context.Context, *troupev1.DescribeRequest) (*troupev1.DescribeResponse, error) {
	return &troupev1.DescribeResponse{Card: card}, nil
}

func (greeter) Handle(_ context.Context, request *troupev1.HandleRequest) (*troupev1.HandleResponse, error) {
	reply := &troupev1.AgentMessage{CorrelationId: request.Message.Id, Type: troupev1.MessageType_MESSAGE_TYPE_RESULT}
	if request.Message.Type == troupev1.MessageType_MESSAGE_TYPE_HEARTBEAT {
		reply.Type = troupev1.MessageType_MESSAGE_TYPE_HEARTBEAT
		reply.Heartbeat = &troupev1.Heartbeat{Status: troupev1.AgentStatus_AGENT_STATUS_IDLE}
	} else {
		name := request.Message.GetPayload().GetStructValue().GetFields()["name"].GetStringValue()
		greeting := map[string]*structpb.Value{"greeting": structpb.NewStringValue("Hello, " + name + "!")}
		reply.Payload = structpb.NewStructValue(&structpb.Struct{Fields: greeting})
	}
	return &troupev1.HandleResponse{Message: reply}, nil
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	troupev1.RegisterAgentServiceServer(server, greeter{})
	go server.Serve(listener)

	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	conn, err := grpc.NewClient(os.Getenv("TROUPE_ORCHESTRATORS"), plain)
	if err != nil {
		log.Fatal(err)
	}
	orchestrator := troupev1.NewOrchestratorServiceClient(conn)
	address := fmt.Sprintf(":%d", listener.Addr().(*net.TCPAddr).Port)
	me := &troupev1.RegisterRequest{AgentId: card.Id, InstanceId: card.InstanceId, Address: address}
	for {
		response, err := orchestrator.Register(context.Background(), me)
		if err != nil {
			time.Sleep(time.Second)
			continue
		}
		time.Sleep(response.Lease.AsDuration() / 3)
	}
}
