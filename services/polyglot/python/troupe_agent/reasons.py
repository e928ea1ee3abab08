"""Failures: a gRPC code, a text, and a reason of the closed list in `error_reason.proto`."""

from collections.abc import Sequence

from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

_MAX_TEXT = 512
_MAX_DETAILS_BYTES = 4096
_MAX_VIOLATION_TEXT = 256
_RETRY_AFTER = Duration(nanos=100_000_000)

_CODES = {
    "CAPABILITY_NOT_FOUND": Code.NOT_FOUND,
    "DRAINING": Code.UNAVAILABLE,
    "MESSAGE_EXPIRED": Code.DEADLINE_EXCEEDED,
    "TASK_TIMED_OUT": Code.DEADLINE_EXCEEDED,
    "TASK_CANCELLED": Code.CANCELLED,
    "INVALID_MESSAGE": Code.INVALID_ARGUMENT,
    "INVALID_PAYLOAD": Code.INVALID_ARGUMENT,
    "DUPLICATE_ID": Code.ALREADY_EXISTS,
    "HANDLER_FAILED": Code.UNKNOWN,
    "OVERLOADED": Code.RESOURCE_EXHAUSTED,
    "MESSAGE_TOO_LARGE": Code.RESOURCE_EXHAUSTED,
    "SLOW_READER": Code.RESOURCE_EXHAUSTED,
    "HOP_LIMIT": Code.FAILED_PRECONDITION,
    "UNKNOWN_MESSAGE_TYPE": Code.UNIMPLEMENTED,
}


class TroupeError(Exception):
    """A failure with a reason. Raise it from a handler to say more than HANDLER_FAILED.

    `violations` are pairs of a field's path (`payload.numbers[2]`) and what is wrong with it.
    """

    def __init__(self, reason: str, text: str, violations: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(text)
        self.reason = reason
        self.code = _CODES[reason]
        self.violations = violations

    def to_status(self, **metadata: str) -> Status:
        """The failure as it travels; `metadata` says where: `agent`, `instance`, `capability`."""
        known = {key: value[:_MAX_VIOLATION_TEXT] for key, value in metadata.items() if value}
        text = str(self).encode(errors="replace").decode()[:_MAX_TEXT]
        status = Status(code=self.code, message=text)
        status.details.add().Pack(ErrorInfo(reason=self.reason, domain="troupe", metadata=known))
        if self.reason == "OVERLOADED":
            status.details.add().Pack(RetryInfo(retry_delay=_RETRY_AFTER))
        if self.violations:
            status.details.add().Pack(self._bad_request())
        return status

    def _bad_request(self) -> BadRequest:
        """The first violations, as many as fit into the details, then "and N more"."""
        bad_request = BadRequest()
        for told, (field, description) in enumerate(self.violations):
            bad_request.field_violations.add(
                field=field[:_MAX_VIOLATION_TEXT], description=description[:_MAX_VIOLATION_TEXT]
            )
            if bad_request.ByteSize() > _MAX_DETAILS_BYTES // 2:
                del bad_request.field_violations[-1]
                more = f"and {len(self.violations) - told} more"
                bad_request.field_violations.add(description=more)
                break
        return bad_request
