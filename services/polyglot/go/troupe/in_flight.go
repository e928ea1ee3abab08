package troupe

import "context"

const (
	maxWaitingProgress      = 256
	maxWaitingProgressBytes = 1024 * 1024
)

// inFlight is a TASK or BROADCAST that was taken, and its PROGRESS that waits to be read. Its link's lock guards it.
type inFlight struct {
	cancel       context.CancelCauseFunc
	stopped      *Error
	over         bool
	waiting      int
	waitingBytes int
}

// hasRoom tells whether a PROGRESS of that size may wait as well; one alone always may.
func (e *inFlight) hasRoom(size int) bool {
	return e.waiting == 0 || (e.waiting < maxWaitingProgress && e.waitingBytes+size <= maxWaitingProgressBytes)
}

// stop cancels the work; its reply says why. The first reason counts.
func (e *inFlight) stop(why *Error) {
	if e.stopped == nil {
		e.stopped = why
		e.cancel(why)
	}
}
