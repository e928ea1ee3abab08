package troupe

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Reason is one of the closed list in error_reason.proto, without its prefix.
type Reason string

// The reasons that an agent answers with.
const (
	CapabilityNotFound Reason = "CAPABILITY_NOT_FOUND"
	Draining           Reason = "DRAINING"
	MessageExpired     Reason = "MESSAGE_EXPIRED"
	TaskTimedOut       Reason = "TASK_TIMED_OUT"
	TaskCancelled      Reason = "TASK_CANCELLED"
	InvalidMessage     Reason = "INVALID_MESSAGE"
	InvalidPayload     Reason = "INVALID_PAYLOAD"
	DuplicateID        Reason = "DUPLICATE_ID"
	HandlerFailed      Reason = "HANDLER_FAILED"
	Overloaded         Reason = "OVERLOADED"
	MessageTooLarge    Reason = "MESSAGE_TOO_LARGE"
	SlowReader         Reason = "SLOW_READER"
	HopLimit           Reason = "HOP_LIMIT"
	UnknownMessageType Reason = "UNKNOWN_MESSAGE_TYPE"
)

var reasonCodes = map[Reason]codes.Code{
	CapabilityNotFound: codes.NotFound,
	Draining:           codes.Unavailable,
	MessageExpired:     codes.DeadlineExceeded,
	TaskTimedOut:       codes.DeadlineExceeded,
	TaskCancelled:      codes.Canceled,
	InvalidMessage:     codes.InvalidArgument,
	InvalidPayload:     codes.InvalidArgument,
	DuplicateID:        codes.AlreadyExists,
	HandlerFailed:      codes.Unknown,
	Overloaded:         codes.ResourceExhausted,
	MessageTooLarge:    codes.ResourceExhausted,
	SlowReader:         codes.ResourceExhausted,
	HopLimit:           codes.FailedPrecondition,
	UnknownMessageType: codes.Unimplemented,
}

const (
	maxTextRunes         = 512
	maxDetailRunes       = 256
	maxViolationsBytes   = 2048
	overloadedRetryAfter = 100 * time.Millisecond
)

// Error is a failure with a reason. A handler returns one to say more than HANDLER_FAILED.
type Error struct {
	Reason Reason
	Text   string
	// Violations say which fields are wrong.
	Violations []Violation
}

// Violation is what is wrong with a field, by its path (payload.numbers[2]).
type Violation struct{ Field, Description string }

// Errorf makes an error with a reason.
func Errorf(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Text: fmt.Sprintf(format, args...)}
}

// Invalid makes an error of that reason about one field.
func Invalid(reason Reason, field, description string) *Error {
	return &Error{reason, field + " " + description, []Violation{{field, description}}}
}

func (e *Error) Error() string { return e.Text }

// GRPCStatus is the failure as it travels.
func (e *Error) GRPCStatus() *status.Status { return e.status(nil) }

// status is the failure with where it happened: agent, instance, capability.
func (e *Error) status(metadata map[string]string) *status.Status {
	known := map[string]string{}
	for key, value := range metadata {
		if value != "" {
			known[key] = shorten(value, maxDetailRunes)
		}
	}
	details := []protoadapt.MessageV1{
		&errdetails.ErrorInfo{Reason: string(e.Reason), Domain: "troupe", Metadata: known},
	}
	if e.Reason == Overloaded {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(overloadedRetryAfter)})
	}
	if len(e.Violations) > 0 {
		details = append(details, e.badRequest())
	}
	plain := status.New(reasonCodes[e.Reason], shorten(e.Text, maxTextRunes))
	detailed, err := plain.WithDetails(details...)
	if err != nil {
		return plain
	}
	return detailed
}

// badRequest holds the first violations, as many as fit into the details, then "and N more".
func (e *Error) badRequest() *errdetails.BadRequest {
	request := new(errdetails.BadRequest)
	for i, v := range e.Violations {
		violation := &errdetails.BadRequest_FieldViolation{
			Field:       shorten(v.Field, maxDetailRunes),
			Description: shorten(v.Description, maxDetailRunes),
		}
		if proto.Size(request)+proto.Size(violation) > maxViolationsBytes {
			violation = &errdetails.BadRequest_FieldViolation{Description: fmt.Sprintf("and %d more", len(e.Violations)-i)}
			request.FieldViolations = append(request.FieldViolations, violation)
			break
		}
		request.FieldViolations = append(request.FieldViolations, violation)
	}
	return request
}

// shorten cuts text to so many characters, and makes it valid UTF-8.
func shorten(text string, most int) string {
	runes := []rune(strings.ToValidUTF8(text, "\uFFFD"))
	return string(runes[:min(most, len(runes))])
}
