package troupe

import (
	"context"
	"errors"
	"fmt"
	"time"

	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

var errTimedOut = Errorf(TaskTimedOut, "the time ran out before the task had ended: give it a longer ttl or deadline")

// runner is what Handle and Link share: all of an instance's work.
type runner struct {
	agent *Agent
	card  *troupev1.AgentCard
	tally tally
}

// job is a message that was admitted: run does the work, and answers the reply.
type job struct {
	task    *Task
	handle  Handler
	ttl     time.Duration
	counted bool
}

// admit refuses a TASK before any work, or counts it in. ctx is that of the call or link that brought it.
func (r *runner) admit(ctx context.Context, m *troupev1.AgentMessage) (*job, error) {
	if r.tally.isDraining() {
		return nil, r.refused(Errorf(Draining, "this instance is about to leave and takes nothing new"))
	}
	capability := r.agent.capability(m.Capability)
	var otherwise time.Duration
	if capability != nil {
		otherwise = capability.DefaultTTL
	}
	ttl, err := r.check(ctx, m, otherwise)
	if err != nil {
		return nil, r.refused(err)
	}
	if capability == nil {
		return nil, r.refused(Errorf(CapabilityNotFound, "%s has no capability %q: Describe tells what it has", r.agent.ID, m.Capability))
	}
	m.Capability = capability.Name
	if err := r.tally.start(r.agent.MaxConcurrency); err != nil {
		return nil, r.refused(err)
	}
	return &job{&Task{Message: m, agentID: r.agent.ID}, capability.Handle, ttl, true}, nil
}

// admitBroadcast refuses a BROADCAST, or lets it be heard.
func (r *runner) admitBroadcast(ctx context.Context, m *troupev1.AgentMessage) (*job, error) {
	ttl, err := r.check(ctx, m, 0)
	if err != nil {
		return nil, err
	}
	hear := r.agent.OnBroadcast
	if hear == nil {
		hear = func(context.Context, *Task) (any, error) { return nil, nil }
	}
	return &job{&Task{Message: m, agentID: r.agent.ID}, hear, ttl, false}, nil
}

// check refuses what breaks a rule or has expired; answers how long the message may live.
func (r *runner) check(ctx context.Context, m *troupev1.AgentMessage, otherwise time.Duration) (time.Duration, error) {
	if err := check(m); err != nil {
		return 0, err
	}
	if err := checkValue(m.Payload, "payload", 0); err != nil {
		return 0, err
	}
	ttl := timeToLive(ctx, m, otherwise)
	if ttl <= 0 {
		return 0, Errorf(MessageExpired, "the message had expired before any work on it began")
	}
	return ttl, nil
}

func (r *runner) refused(err error) error {
	r.tally.refuse()
	return err
}

// run works on a job until its handler ends, ctx does, or its time is up. Nobody waits for a handler that does not heed its
// context; it stays in flight until it has really ended. A nil reply acknowledges a broadcast.
func (r *runner) run(ctx context.Context, j *job) *troupev1.AgentMessage {
	ctx, cancel := context.WithTimeoutCause(ctx, j.ttl, errTimedOut)
	type outcome struct {
		reply *troupev1.AgentMessage
		err   error
	}
	ended := make(chan outcome, 1)
	go func() {
		defer cancel()
		reply, err := r.call(ctx, j)
		if err != nil && ctx.Err() != nil {
			err = stoppedBy(ctx)
		}
		if j.counted {
			r.tally.end(endingOf(err))
		}
		ended <- outcome{reply, err}
	}()
	select {
	case o := <-ended:
		if o.err != nil {
			return r.refusal(j.task.Message, o.err)
		}
		return o.reply
	case <-ctx.Done():
	}
	// Ended by itself, or stopped: a handler that has just answered is believed.
	select {
	case o := <-ended:
		if o.err == nil {
			return o.reply
		}
		return r.refusal(j.task.Message, o.err)
	default:
		return r.refusal(j.task.Message, stoppedBy(ctx))
	}
}

// call calls the handler, and makes its RESULT.
func (r *runner) call(ctx context.Context, j *job) (result *troupev1.AgentMessage, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	output, err := j.handle(ctx, j.task)
	if err != nil {
		return nil, err
	}
	if output == nil && !j.counted {
		return nil, nil
	}
	payload, err := encode(output)
	if err != nil {
		// Not the caller's payload: the handler is at fault.
		return nil, fmt.Errorf("it answered what is no JSON: %v", err)
	}
	result = reply(j.task.Message, troupev1.MessageType_MESSAGE_TYPE_RESULT, r.agent.ID)
	result.Payload = payload
	result.Attachments = j.task.attachments
	if size := proto.Size(result); size > maxMessageBytes {
		return nil, Errorf(MessageTooLarge, "the result has %d bytes, and %d is the limit", size, maxMessageBytes)
	}
	return result, nil
}

// refusal makes the ERROR that says why.
func (r *runner) refusal(m *troupev1.AgentMessage, err error) *troupev1.AgentMessage {
	var own *Error
	if !errors.As(err, &own) {
		if passed, ok := status.FromError(err); ok {
			return errorReply(m, r.agent.ID, passed.Proto())
		}
		own = Errorf(HandlerFailed, "%v", err)
	}
	where := map[string]string{"agent": r.agent.ID, "instance": r.card.InstanceId, "capability": m.Capability}
	return errorReply(m, r.agent.ID, own.status(where).Proto())
}

// heartbeat answers a HEARTBEAT.
func (r *runner) heartbeat(about *troupev1.AgentMessage) *troupev1.AgentMessage {
	m := reply(about, troupev1.MessageType_MESSAGE_TYPE_HEARTBEAT, r.agent.ID)
	m.Heartbeat = r.tally.heartbeat()
	return m
}

// stoppedBy tells why a context ended: what it was cancelled with, where that has a reason.
func stoppedBy(ctx context.Context) error {
	var own *Error
	if cause := context.Cause(ctx); errors.As(cause, &own) {
		return own
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTimedOut
	}
	return Errorf(TaskCancelled, "the caller cancelled the task, or went away")
}

func endingOf(err error) ending {
	var own *Error
	switch {
	case err == nil:
		return done
	case errors.As(err, &own) && own.Reason == TaskCancelled:
		return cancelled
	}
	return failed
}
