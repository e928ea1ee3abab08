package troupe

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// How long a draining server waits for the opener's half-close once nothing is in flight.
const halfCloseWait = time.Second

type linkStream = grpc.BidiStreamingServer[troupev1.AgentServiceLinkRequest, troupev1.AgentServiceLinkResponse]

// link is the serving end of a link, by its rules in agent_service.proto.
type link struct {
	runner *runner
	// changed holds a token when there may be something to do.
	changed chan struct{}
	// taken holds a token when the outbox may have room again.
	taken chan struct{}
	// ended is closed when the link has ended.
	ended chan struct{}

	mu         sync.Mutex
	inFlight   map[string]*inFlight
	outbox     outbox
	halfClosed bool
	broken     error
	giveUpAt   time.Time
}

func newLink(r *runner) *link {
	return &link{
		runner:   r,
		changed:  make(chan struct{}, 1),
		taken:    make(chan struct{}, 1),
		ended:    make(chan struct{}),
		inFlight: map[string]*inFlight{},
	}
}

// serve serves the link until it has ended, and answers how.
func (l *link) serve(stream linkStream) error {
	defer close(l.ended)
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(Errorf(TaskCancelled, "the link that the task came over broke"))
	go l.read(ctx, stream)
	for {
		if batch := l.take(); len(batch) > 0 {
			if err := stream.Send(&troupev1.AgentServiceLinkResponse{Messages: batch}); err != nil {
				return err
			}
			continue
		}
		over, wait, err := l.over()
		if over {
			return err
		}
		select {
		case <-l.changed:
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain says that the instance is about to leave.
func (l *link) drain() {
	news := l.runner.heartbeat(nil)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.push(news, nil)
}

// read takes what comes, until the opener half-closes or the stream breaks. Who asks on and on, and does not read what is answered,
// is not read either until there is room: HTTP/2 then holds up its requests.
func (l *link) read(ctx context.Context, stream linkStream) {
	for l.waitForRoom(ctx) {
		request, err := stream.Recv()
		if err != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.halfClosed = errors.Is(err, io.EOF)
			if !l.halfClosed {
				l.broken = err
			}
			wake(l.changed)
			return
		}
		for _, message := range request.GetMessages() {
			l.receive(ctx, complete(message))
		}
	}
}

// waitForRoom waits until the outbox has room, and answers false when the link ends before.
func (l *link) waitForRoom(ctx context.Context) bool {
	for !l.hasRoom() {
		select {
		case <-l.taken:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (l *link) hasRoom() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.outbox.hasRoom()
}

func (l *link) receive(ctx context.Context, m *troupev1.AgentMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch m.Type {
	case troupev1.MessageType_MESSAGE_TYPE_TASK:
		l.start(ctx, m, l.runner.admit)
	case troupev1.MessageType_MESSAGE_TYPE_BROADCAST:
		l.start(ctx, m, l.runner.admitBroadcast)
	case troupev1.MessageType_MESSAGE_TYPE_CANCEL:
		if entry := l.inFlight[m.CorrelationId]; entry != nil {
			entry.stop(Errorf(TaskCancelled, "the caller cancelled the task"))
		}
	case troupev1.MessageType_MESSAGE_TYPE_HEARTBEAT:
		l.push(l.runner.heartbeat(m), nil)
	default:
		err := Errorf(UnknownMessageType, "the opener of a link sends TASK, CANCEL, BROADCAST and HEARTBEAT, not %v", m.Type)
		l.push(l.runner.refusal(m, err), nil)
	}
}

// start begins work on a message, by what admits it. The lock is held.
func (l *link) start(
	ctx context.Context,
	m *troupev1.AgentMessage,
	admit func(context.Context, *troupev1.AgentMessage) (*job, error),
) {
	if l.inFlight[m.Id] != nil {
		l.push(l.runner.refusal(m, Errorf(DuplicateID, "a message with the id %s is already in flight", m.Id)), nil)
		return
	}
	j, err := admit(ctx, m)
	if err != nil {
		l.push(l.runner.refusal(m, err), nil)
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	entry := &inFlight{cancel: cancel}
	l.inFlight[m.Id] = entry
	j.task.report = func(news *troupev1.AgentMessage) error { return l.report(entry, news) }
	go func() {
		defer cancel(nil)
		l.end(m, entry, l.runner.run(ctx, j))
	}()
}

// end sends a message's reply; nothing about it follows.
func (l *link) end(m *troupev1.AgentMessage, entry *inFlight, answer *troupev1.AgentMessage) {
	if answer == nil {
		// A RESULT without a payload acknowledges a broadcast.
		answer = reply(m, troupev1.MessageType_MESSAGE_TYPE_RESULT, l.runner.agent.ID)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.over = true
	delete(l.inFlight, m.Id)
	if entry.stopped != nil {
		answer = l.runner.refusal(m, entry.stopped)
	}
	l.push(answer, nil)
}

// report sends PROGRESS, unless too much of it waits for its reader.
func (l *link) report(entry *inFlight, news *troupev1.AgentMessage) error {
	size := proto.Size(news)
	if size > maxMessageBytes {
		return Errorf(MessageTooLarge, "the PROGRESS has %d bytes, and %d is the limit", size, maxMessageBytes)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !entry.hasRoom(size) {
		entry.stop(Errorf(SlowReader, "over 256 PROGRESS, or 1 MiB of them, wait to be read: read faster"))
	}
	if entry.stopped != nil {
		return entry.stopped
	}
	if entry.over {
		return errTimedOut
	}
	l.push(news, entry)
	return nil
}

// push adds a message behind those that wait. The lock is held.
func (l *link) push(m *troupev1.AgentMessage, from *inFlight) {
	l.outbox.add(m, from)
	wake(l.changed)
}

// take takes what is ready, in the bounds of a batch.
func (l *link) take() []*troupev1.AgentMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer wake(l.taken)
	return l.outbox.take()
}

// over tells whether all is said, and how the link then ends; if not, when to look again, where that is known.
func (l *link) over() (bool, <-chan time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch draining := l.runner.tally.isDraining(); {
	case l.broken != nil:
		return true, nil, l.broken
	case len(l.outbox.waiting) > 0 || len(l.inFlight) > 0:
		return false, nil, nil
	case !draining:
		return l.halfClosed, nil, nil
	}
	if l.giveUpAt.IsZero() {
		l.giveUpAt = time.Now().Add(halfCloseWait)
	}
	left := time.Until(l.giveUpAt)
	if l.halfClosed || left <= 0 {
		return true, nil, Errorf(Draining, "this instance is about to leave and takes nothing new")
	}
	return false, time.After(left), nil
}

// wake leaves a token for who waits for one, unless it has one already.
func wake(waits chan<- struct{}) {
	select {
	case waits <- struct{}{}:
	default:
	}
}
