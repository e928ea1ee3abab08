package troupe

import (
	"sync"

	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
)

// ending is how work on a task ended.
type ending int

const (
	done ending = iota
	failed
	// cancelled by its caller: no RESULT, but no fault of the instance either.
	cancelled
)

// tally counts an instance's tasks, and says how it is.
type tally struct {
	mu         sync.Mutex
	draining   bool
	received   uint64
	inFlight   uint32
	failed     uint64
	lastFailed bool
	idle       chan struct{}
}

// start counts a task in, unless the instance is draining or works on as many as it takes.
func (t *tally) start(limit uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.draining:
		return Errorf(Draining, "this instance is about to leave and takes nothing new")
	case limit > 0 && t.inFlight >= limit:
		return Errorf(Overloaded, "this instance works on %d tasks at once", limit)
	}
	t.received++
	t.inFlight++
	return nil
}

// refuse counts a task that was refused before any work on it.
func (t *tally) refuse() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.received++
	t.failed++
}

// end counts a task out.
func (t *tally) end(how ending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
	if how != done {
		t.failed++
	}
	if how != cancelled {
		t.lastFailed = how == failed
	}
	if t.draining && t.inFlight == 0 {
		close(t.idle)
	}
}

// drain lets nothing more start. The channel is closed once nothing is in flight.
func (t *tally) drain() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.draining {
		t.draining = true
		t.idle = make(chan struct{})
		if t.inFlight == 0 {
			close(t.idle)
		}
	}
	return t.idle
}

func (t *tally) isDraining() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.draining
}

func (t *tally) heartbeat() *troupev1.Heartbeat {
	t.mu.Lock()
	defer t.mu.Unlock()
	status := troupev1.AgentStatus_AGENT_STATUS_IDLE
	switch {
	case t.draining:
		status = troupev1.AgentStatus_AGENT_STATUS_DRAINING
	case t.inFlight > 0:
		status = troupev1.AgentStatus_AGENT_STATUS_BUSY
	case t.lastFailed:
		status = troupev1.AgentStatus_AGENT_STATUS_ERROR
	}
	return &troupev1.Heartbeat{Status: status, Received: t.received, InFlight: t.inFlight, Failed: t.failed}
}
