// Package probe offers conformance.probe, by which troupe verify holds an agent against the contract.
package probe

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"github.com/troupe-mesh/troupe/services/polyglot/go/troupe"
)

const inputSchema = `{
	"type": ["object", "null"],
	"properties": {
		"delay_ms": {"type": "number", "minimum": 0, "maximum": 60000},
		"progress": {"type": "integer", "minimum": 0, "maximum": 10000},
		"fail": {"type": "string"},
		"size": {"type": "integer", "minimum": 0, "maximum": 8388608},
		"echo": {}
	},
	"additionalProperties": false
}`

type order struct {
	DelayMs  float64         `json:"delay_ms"`
	Progress int             `json:"progress"`
	Fail     string          `json:"fail"`
	Size     int             `json:"size"`
	Echo     json.RawMessage `json:"echo"`
}

type answer struct {
	Echo     json.RawMessage `json:"echo"`
	Data     string          `json:"data,omitempty"`
	Received received        `json:"received"`
}

type received struct {
	Attempt        uint32            `json:"attempt"`
	IdempotencyKey string            `json:"idempotency_key"`
	Hops           uint32            `json:"hops"`
	Sender         string            `json:"sender"`
	Headers        map[string]string `json:"headers"`
	Attachments    []attachment      `json:"attachments"`
}

type attachment struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Bytes     int    `json:"bytes"`
}

// Capability waits, tells progress, fails or echoes, as it is ordered.
func Capability() troupe.Capability {
	return troupe.Capability{
		Name:        "conformance.probe",
		Description: "Works, reports, fails and answers as ordered, so that the contract can be checked.",
		InputSchema: inputSchema,
		Idempotent:  true,
		Handle:      handle,
	}
}

func handle(ctx context.Context, task *troupe.Task) (any, error) {
	var o order
	if err := task.Decode(&o); err != nil {
		return nil, err
	}
	select {
	case <-time.After(time.Duration(o.DelayMs * float64(time.Millisecond))):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for n := 1; n <= o.Progress; n++ {
		if err := task.Progress(map[string]int{"n": n}); err != nil {
			return nil, err
		}
	}
	if o.Fail != "" {
		return nil, errors.New(o.Fail)
	}
	return answer{Echo: o.Echo, Data: strings.Repeat("x", o.Size), Received: received{
		Attempt:        task.Message.Attempt,
		IdempotencyKey: task.Message.IdempotencyKey,
		Hops:           task.Message.Hops,
		Sender:         task.Message.Sender,
		Headers:        orEmpty(task.Message.Headers),
		Attachments:    attachments(task.Message.Attachments),
	}}, nil
}

func attachments(all []*troupev1.Attachment) []attachment {
	seen := make([]attachment, 0, len(all))
	for _, a := range all {
		seen = append(seen, attachment{a.Name, a.MediaType, len(a.GetData())})
	}
	return seen
}

func orEmpty(headers map[string]string) map[string]string {
	if headers == nil {
		return map[string]string{}
	}
	return headers
}
