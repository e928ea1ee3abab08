package troupe

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	maxMessageBytes = 4*1024*1024 - 64*1024
	defaultTTL      = 30 * time.Second
	maxTTL          = time.Hour
	maxHops         = 16
	maxHeaders      = 32
	maxHeaderBytes  = 8 * 1024
)

// complete fills in what a receiver fills in where it is empty.
func complete(m *troupev1.AgentMessage) *troupev1.AgentMessage {
	if m.Id == "" {
		m.Id = newID()
	}
	if m.Sender == "" {
		m.Sender = "anonymous"
	}
	if m.Type == troupev1.MessageType_MESSAGE_TYPE_UNSPECIFIED {
		m.Type = troupev1.MessageType_MESSAGE_TYPE_TASK
	}
	if m.Timestamp == nil {
		m.Timestamp = timestamppb.Now()
	}
	return m
}

// reply makes a message about another one, back to its sender.
func reply(about *troupev1.AgentMessage, kind troupev1.MessageType, sender string) *troupev1.AgentMessage {
	return &troupev1.AgentMessage{
		Id:            newID(),
		Sender:        sender,
		Receiver:      about.GetSender(),
		Type:          kind,
		Timestamp:     timestamppb.Now(),
		CorrelationId: about.GetId(),
		Capability:    about.GetCapability(),
		Attempt:       about.GetAttempt(),
	}
}

// errorReply makes the ERROR that answers a message.
func errorReply(about *troupev1.AgentMessage, sender string, why *status.Status) *troupev1.AgentMessage {
	m := reply(about, troupev1.MessageType_MESSAGE_TYPE_ERROR, sender)
	m.Error = why
	return m
}

// timeToLive is how long a message that arrives now may live; zero or less: it has expired. ctx is that of the call that brought
// it: its deadline, less a margin in which the answer gets back with its reason, bounds it too.
func timeToLive(ctx context.Context, m *troupev1.AgentMessage, otherwise time.Duration) time.Duration {
	ttl := maxTTL
	deadline, called := ctx.Deadline()
	if called {
		left := time.Until(deadline)
		ttl = min(ttl, left-min(max(left/20, 2*time.Millisecond), 50*time.Millisecond))
	}
	switch {
	case m.Ttl != nil:
		return min(ttl, m.Ttl.AsDuration())
	case called:
		return ttl
	case otherwise > 0:
		return otherwise
	}
	return defaultTTL
}

// check refuses a message that breaks a rule: HOP_LIMIT, or INVALID_MESSAGE with every violation.
func check(m *troupev1.AgentMessage) error {
	if m.Hops > maxHops {
		return Errorf(HopLimit, "the work was passed on by %d agents, and %d is the limit", m.Hops, maxHops)
	}
	var violations []Violation
	if m.Ttl.GetSeconds() < 0 || m.Ttl.GetNanos() < 0 {
		violations = append(violations, Violation{"ttl", "is negative: send the time that remains"})
	}
	size := 0
	for name, value := range m.Headers {
		size += len(name) + len(value)
	}
	if len(m.Headers) > maxHeaders || size > maxHeaderBytes {
		description := fmt.Sprintf("are %d with %d bytes: at most %d and %d", len(m.Headers), size, maxHeaders, maxHeaderBytes)
		violations = append(violations, Violation{"headers", description})
	}
	names := map[string]bool{"": true}
	for i, attachment := range m.Attachments {
		if names[attachment.Name] {
			field := fmt.Sprintf("attachments[%d].name", i)
			violations = append(violations, Violation{field, "must not be empty, nor used twice"})
		}
		names[attachment.Name] = true
	}
	if len(violations) == 0 {
		return nil
	}
	text := "the message is not valid: " + violations[0].Field + " " + violations[0].Description
	return &Error{InvalidMessage, text, violations}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
