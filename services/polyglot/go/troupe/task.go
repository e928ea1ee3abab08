package troupe

import (
	"sync/atomic"

	troupev1 "github.com/troupe-mesh/troupe/services/polyglot/go/gen/troupe/v1"
)

// Task is a task, or a broadcast, as its handler sees it.
type Task struct {
	// Message is the whole of it: headers, attachments, idempotency_key, sender and all.
	Message *troupev1.AgentMessage

	agentID     string
	attachments []*troupev1.Attachment
	report      func(*troupev1.AgentMessage) error
	sequence    atomic.Uint32
}

// Decode reads the payload into v, as [encoding/json.Unmarshal] does. Its error is INVALID_PAYLOAD: return it as it is.
func (t *Task) Decode(v any) error { return decode(t.Message.GetPayload(), v) }

// Attach adds a document to the RESULT.
func (t *Task) Attach(name, mediaType string, data []byte) {
	t.attachments = append(t.attachments, &troupev1.Attachment{
		Name:      name,
		MediaType: mediaType,
		Content:   &troupev1.Attachment_Data{Data: data},
	})
}

// Progress tells the caller how the work is going. Without effect where the task did not come over a link. An error means that
// the task is over, or what is told cannot be sent.
func (t *Task) Progress(payload any) error {
	if t.report == nil {
		return nil
	}
	value, err := encode(payload)
	if err != nil {
		return err
	}
	news := reply(t.Message, troupev1.MessageType_MESSAGE_TYPE_PROGRESS, t.agentID)
	news.Payload = value
	news.Sequence = t.sequence.Add(1)
	return t.report(news)
}
