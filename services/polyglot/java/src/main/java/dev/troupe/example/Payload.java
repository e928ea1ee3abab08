package dev.troupe.example;

import com.google.protobuf.Value;
import io.grpc.StatusRuntimeException;

/** Payloads: what of a Value is JSON. */
final class Payload {
  private static final int MAX_DEPTH = 32;

  private Payload() {}

  /** Refuses NaN, Infinity, and arrays and objects nested over 32 deep. */
  static void check(Value payload) {
    check(payload, 0);
  }

  private static void check(Value value, int depth) {
    switch (value.getKindCase()) {
      case NUMBER_VALUE:
        if (!Double.isFinite(value.getNumberValue())) throw invalid("holds NaN or Infinity, which are no JSON");
        break;
      case LIST_VALUE:
        if (depth == MAX_DEPTH) throw invalid("is nested over 32 deep");
        value.getListValue().getValuesList().forEach(item -> check(item, depth + 1));
        break;
      case STRUCT_VALUE:
        if (depth == MAX_DEPTH) throw invalid("is nested over 32 deep");
        value.getStructValue().getFieldsMap().values().forEach(field -> check(field, depth + 1));
        break;
      default:
    }
  }

  private static StatusRuntimeException invalid(String description) {
    return Failure.invalid("INVALID_PAYLOAD", "payload", description);
  }
}
