package troupe

import (
	"context"
	"sync"

	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/grpc/metadata"
)

// service is AgentService: Describe, Handle and Link, all from the same runner.
type service struct {
	troupev1.UnimplementedAgentServiceServer
	runner *runner

	mu    sync.Mutex
	links map[*link]struct{}
}

func (s *service) Describe(context.Context, *troupev1.DescribeRequest) (*troupev1.DescribeResponse, error) {
	return &troupev1.DescribeResponse{Card: s.runner.card}, nil
}

func (s *service) Handle(ctx context.Context, request *troupev1.HandleRequest) (*troupev1.HandleResponse, error) {
	if request.Message == nil {
		return nil, Invalid(InvalidMessage, "message", "is missing: the request holds none")
	}
	m := complete(request.Message)
	forwardMetadata(ctx, m)
	return &troupev1.HandleResponse{Message: s.answer(ctx, m)}, nil
}

func (s *service) Link(stream linkStream) error {
	l := newLink(s.runner)
	s.mu.Lock()
	s.links[l] = struct{}{}
	if s.runner.tally.isDraining() {
		l.drain()
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.links, l)
	}()
	return l.serve(stream)
}

// drain lets nothing more start, tells every link, and waits until what is in flight has been answered, at most until ctx ends.
func (s *service) drain(ctx context.Context) error {
	s.mu.Lock()
	over := []<-chan struct{}{s.runner.tally.drain()}
	for l := range s.links {
		l.drain()
		over = append(over, l.ended)
	}
	s.mu.Unlock()
	for _, done := range over {
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *service) answer(ctx context.Context, m *troupev1.AgentMessage) *troupev1.AgentMessage {
	var j *job
	var err error
	switch m.Type {
	case troupev1.MessageType_MESSAGE_TYPE_TASK:
		j, err = s.runner.admit(ctx, m)
	case troupev1.MessageType_MESSAGE_TYPE_BROADCAST:
		j, err = s.runner.admitBroadcast(ctx, m)
	case troupev1.MessageType_MESSAGE_TYPE_HEARTBEAT:
		return s.runner.heartbeat(m)
	default:
		err = Errorf(UnknownMessageType, "Handle takes TASK, BROADCAST and HEARTBEAT, not %v", m.Type)
	}
	if err != nil {
		return s.runner.refusal(m, err)
	}
	return s.runner.run(ctx, j)
}

// forwardMetadata takes what a trace needs from the call into the message's headers, and nothing else.
func forwardMetadata(ctx context.Context, m *troupev1.AgentMessage) {
	incoming, _ := metadata.FromIncomingContext(ctx)
	for _, name := range []string{"traceparent", "tracestate", "baggage"} {
		values := incoming.Get(name)
		if _, said := m.Headers[name]; said || len(values) == 0 {
			continue
		}
		if m.Headers == nil {
			m.Headers = map[string]string{}
		}
		m.Headers[name] = values[0]
	}
}
