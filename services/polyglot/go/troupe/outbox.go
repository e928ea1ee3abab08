package troupe

import (
	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
	"google.golang.org/protobuf/proto"
)

const (
	maxBatchMessages = 256
	maxBatchBytes    = 256 * 1024
	// How much may wait before the opener is read no further: sixteen full batches, and the largest message.
	maxWaitingMessages = 4096
	maxWaitingBytes    = 4 * 1024 * 1024
)

// outbox holds what a link has to say. Its link's lock guards it.
type outbox struct {
	waiting      []outgoing
	waitingBytes int
}

type outgoing struct {
	message *troupev1.AgentMessage
	size    int
	// from is the task whose PROGRESS it is, if it is one.
	from *inFlight
}

// add adds a message behind those that wait.
func (o *outbox) add(m *troupev1.AgentMessage, from *inFlight) {
	size := proto.Size(m)
	if from != nil {
		from.waiting++
		from.waitingBytes += size
	}
	o.waiting = append(o.waiting, outgoing{m, size, from})
	o.waitingBytes += size
}

// hasRoom tells whether no more waits than should. Nothing is refused beyond it.
func (o *outbox) hasRoom() bool {
	return len(o.waiting) <= maxWaitingMessages && o.waitingBytes <= maxWaitingBytes
}

// take takes what waits, in the bounds of a batch; a bigger message goes alone.
func (o *outbox) take() []*troupev1.AgentMessage {
	var batch []*troupev1.AgentMessage
	room := maxBatchBytes
	for _, next := range o.waiting {
		if len(batch) == maxBatchMessages || (len(batch) > 0 && next.size > room) {
			break
		}
		room -= next.size
		o.waitingBytes -= next.size
		batch = append(batch, next.message)
		if next.from != nil {
			next.from.waiting--
			next.from.waitingBytes -= next.size
		}
	}
	o.waiting = o.waiting[len(batch):]
	return batch
}
