package troupe

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
)

// A Handler does a task, or hears a broadcast. What it returns is marshalled to JSON as the payload of the RESULT. Its context
// ends when the caller cancels or the time is up, and an error that is no [*Error] or gRPC status is answered as
// HANDLER_FAILED.
type Handler func(ctx context.Context, task *Task) (any, error)

// Agent is a named role with capabilities.
type Agent struct {
	// ID is the agent's id: 1 to 128 characters of a-z A-Z 0-9 . _ -
	ID          string
	Version     string
	Description string
	// MaxConcurrency is how many tasks are worked on at once; more are refused. 0: any number.
	MaxConcurrency uint32
	Labels         map[string]string
	Capabilities   []Capability
	// OnBroadcast hears broadcasts; nil as its result acknowledges. Without one, all are acknowledged.
	OnBroadcast Handler
}

// Capability is a named thing that an agent can do.
type Capability struct {
	Name        string
	Description string
	// InputSchema is a JSON Schema (2020-12), which the orchestrator holds payloads against before it sends a task.
	InputSchema string
	// OutputSchema is a JSON Schema (2020-12) of the RESULT's payload, for readers.
	OutputSchema string
	// Idempotent: doing the same task twice is harmless.
	Idempotent bool
	// DefaultTTL is how long a task lives when nothing else says, at most 1 h. 0: 30 s.
	DefaultTTL time.Duration
	// Handle does the task.
	Handle Handler
}

// card makes what an instance of the agent says of itself.
func (a *Agent) card() (*troupev1.AgentCard, error) {
	card := &troupev1.AgentCard{
		Id:               a.ID,
		InstanceId:       uuid.NewString(),
		Name:             a.ID,
		Version:          a.Version,
		Description:      a.Description,
		MaxConcurrency:   a.MaxConcurrency,
		Labels:           a.Labels,
		ServesLink:       true,
		ProtocolRevision: 1,
	}
	for _, c := range a.Capabilities {
		input, err := schema(c.InputSchema)
		if err != nil {
			return nil, fmt.Errorf("input schema of %s: %w", c.Name, err)
		}
		output, err := schema(c.OutputSchema)
		if err != nil {
			return nil, fmt.Errorf("output schema of %s: %w", c.Name, err)
		}
		entry := &troupev1.Capability{
			Name:         c.Name,
			Description:  c.Description,
			InputSchema:  input,
			OutputSchema: output,
			Idempotent:   c.Idempotent,
		}
		if c.DefaultTTL > 0 {
			entry.DefaultTtl = durationpb.New(c.DefaultTTL)
		}
		card.Capabilities = append(card.Capabilities, entry)
	}
	return card, nil
}

// capability finds one by its name; where none is named, the only one that there is.
func (a *Agent) capability(name string) *Capability {
	if name == "" && len(a.Capabilities) == 1 {
		return &a.Capabilities[0]
	}
	for i := range a.Capabilities {
		if a.Capabilities[i].Name == name {
			return &a.Capabilities[i]
		}
	}
	return nil
}

func schema(text string) (*structpb.Struct, error) {
	if text == "" {
		return nil, nil
	}
	s := new(structpb.Struct)
	return s, protojson.Unmarshal([]byte(text), s)
}
