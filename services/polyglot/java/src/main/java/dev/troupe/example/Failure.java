package dev.troupe.example;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;

/** Failures with a reason of the closed list in {@code error_reason.proto}, as gRPC statuses. */
final class Failure {
  private Failure() {}

  /** The failure of that reason. */
  static StatusRuntimeException of(Code code, String reason, String text) {
    return StatusProto.toStatusRuntimeException(status(code, reason, text).build());
  }

  /** INVALID_ARGUMENT about one field, by its path: {@code payload.zone}. */
  static StatusRuntimeException invalid(String reason, String field, String description) {
    BadRequest.FieldViolation violation =
        BadRequest.FieldViolation.newBuilder().setField(field).setDescription(description).build();
    BadRequest request = BadRequest.newBuilder().addFieldViolations(violation).build();
    return StatusProto.toStatusRuntimeException(
        status(Code.INVALID_ARGUMENT, reason, field + " " + description)
            .addDetails(Any.pack(request))
            .build());
  }

  private static Status.Builder status(Code code, String reason, String text) {
    ErrorInfo info = ErrorInfo.newBuilder().setDomain("troupe").setReason(reason).build();
    return Status.newBuilder()
        .setCode(code.getNumber())
        .setMessage(text.length() > 512 ? text.substring(0, 512) : text)
        .addDetails(Any.pack(info));
  }
}
