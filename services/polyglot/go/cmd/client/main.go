// Command client is a caller in Go, from the proto alone: tasks, their progress, the roster and the shared state.
//
//	go run ./cmd/client localhost:50051 text.greet '{"name": "Ada"}'
//
// It writes a line of JSON for each thing it did.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"strings"
	"time"

	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

const timeout = 20 * time.Second

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: client ORCHESTRATOR CAPABILITY PAYLOAD")
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func run(address, capability, payload string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	task := &troupev1.AgentMessage{Sender: "client.go", Capability: capability, Payload: new(structpb.Value)}
	if err := task.Payload.UnmarshalJSON([]byte(payload)); err != nil {
		return err
	}
	orchestrator := troupev1.NewOrchestratorServiceClient(conn)
	for _, step := range []func() error{
		func() error { return dispatch(ctx, orchestrator, task) },
		func() error { return dispatchStream(ctx, orchestrator, task) },
		func() error { return fail(ctx, orchestrator) },
		func() error { return roster(ctx, orchestrator) },
		func() error { return state(ctx, troupev1.NewStateServiceClient(conn)) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// dispatch asks whoever has the capability, and waits for the RESULT.
func dispatch(ctx context.Context, c troupev1.OrchestratorServiceClient, task *troupev1.AgentMessage) error {
	response, err := c.Dispatch(ctx, &troupev1.DispatchRequest{Message: task})
	if err != nil {
		return err
	}
	result := response.Message
	return tell("dispatch", map[string]any{"result": result.Payload.AsInterface(), "agent": result.Sender})
}

// dispatchStream does the same, and hears of the progress on the way.
func dispatchStream(ctx context.Context, c troupev1.OrchestratorServiceClient, task *troupev1.AgentMessage) error {
	stream, err := c.DispatchStream(ctx, &troupev1.DispatchStreamRequest{Message: task})
	if err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		kind := strings.TrimPrefix(response.Message.Type.String(), "MESSAGE_TYPE_")
		news := map[string]any{"type": kind, "payload": response.Message.Payload.AsInterface()}
		if err := tell("stream", news); err != nil {
			return err
		}
	}
}

// fail asks for what nobody can do: the failure has a code for machines, and a reason.
func fail(ctx context.Context, c troupev1.OrchestratorServiceClient) error {
	task := &troupev1.AgentMessage{Sender: "client.go", Capability: "nobody.does-this"}
	_, err := c.Dispatch(ctx, &troupev1.DispatchRequest{Message: task})
	return tellFailure("error", err)
}

// roster watches the roster until all that is on it has been told.
func roster(ctx context.Context, c troupev1.OrchestratorServiceClient) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.WatchAgents(ctx, &troupev1.WatchAgentsRequest{})
	if err != nil {
		return err
	}
	agents := []string{}
	for {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		if response.Event.Type == troupev1.RosterEventType_ROSTER_EVENT_TYPE_SYNCED {
			return tell("roster", map[string]any{"agents": agents})
		}
		agents = append(agents, response.Event.Agent.Id)
	}
}

// state writes an entry once, is refused the second time, and sees the change on a watch.
func state(ctx context.Context, c troupev1.StateServiceClient) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	const key = "clients/go"
	first, err := c.Set(ctx, &troupev1.SetRequest{Key: key, Value: structpb.NewNumberValue(1)})
	if err != nil {
		return err
	}
	request := &troupev1.WatchRequest{Prefix: "clients/", FromRevision: proto.Int64(first.Entry.Revision - 1)}
	changes, err := c.Watch(ctx, request)
	if err != nil {
		return err
	}
	change, err := changes.Recv()
	if err != nil {
		return err
	}
	again := &troupev1.SetRequest{Key: key, Value: structpb.NewNumberValue(2), IfRevision: proto.Int64(0)}
	_, err = c.Set(ctx, again)
	if err := tellFailure("conflict", err); err != nil {
		return err
	}
	entry, err := c.Get(ctx, &troupev1.GetRequest{Key: key})
	if err != nil {
		return err
	}
	return tell("state", map[string]any{
		"value":   entry.Entry.Value.AsInterface(),
		"watched": strings.TrimPrefix(change.Event.Type.String(), "STATE_EVENT_TYPE_"),
		"key":     change.Event.Entry.Key,
	})
}

// tellFailure tells why a call failed: the mesh's reason is in the details of the status.
func tellFailure(step string, err error) error {
	failure := status.Convert(err)
	for _, detail := range failure.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.Domain == "troupe" {
			return tell(step, map[string]any{"code": failure.Code().String(), "reason": info.Reason})
		}
	}
	return err
}

func tell(step string, what map[string]any) error {
	what["step"] = step
	return json.NewEncoder(os.Stdout).Encode(what)
}
