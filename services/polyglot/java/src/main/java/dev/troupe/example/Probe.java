package dev.troupe.example;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.troupe.v1.AgentMessage;
import dev.troupe.v1.Attachment;
import dev.troupe.v1.Capability;

/** {@code conformance.probe}, by which {@code troupe verify} holds an agent against the contract. */
final class Probe {
  private static final String SCHEMA =
      """
      {
        "type": ["object", "null"],
        "properties": {
          "delay_ms": {"type": "number", "minimum": 0, "maximum": 60000},
          "progress": {"type": "integer", "minimum": 0, "maximum": 10000},
          "fail": {"type": "string"},
          "size": {"type": "integer", "minimum": 0, "maximum": 8388608},
          "echo": {}
        },
        "additionalProperties": false
      }
      """;
  private static final Value NULL = Value.newBuilder().setNullValue(NullValue.NULL_VALUE).build();

  private Probe() {}

  static Capability capability() throws Exception {
    Struct.Builder schema = Struct.newBuilder();
    JsonFormat.parser().merge(SCHEMA, schema);
    return Capability.newBuilder()
        .setName("conformance.probe")
        .setDescription("Works, fails and answers as ordered, so that the contract can be checked.")
        .setInputSchema(schema)
        .setIdempotent(true)
        .build();
  }

  /** Waits, then fails or answers, as ordered. A member without Link sends no PROGRESS. */
  static Value handle(AgentMessage task) throws InterruptedException {
    Struct order = task.getPayload().getStructValue();
    Thread.sleep((long) order.getFieldsOrDefault("delay_ms", NULL).getNumberValue());
    String fail = order.getFieldsOrDefault("fail", NULL).getStringValue();
    if (!fail.isEmpty()) throw new IllegalStateException(fail);
    Struct.Builder answer =
        Struct.newBuilder().putFields("echo", order.getFieldsOrDefault("echo", NULL)).putFields("received", received(task));
    int size = (int) order.getFieldsOrDefault("size", NULL).getNumberValue();
    if (size > 0) answer.putFields("data", text("x".repeat(size)));
    return Value.newBuilder().setStructValue(answer).build();
  }

  private static Value received(AgentMessage task) {
    Struct.Builder headers = Struct.newBuilder();
    task.getHeadersMap().forEach((name, value) -> headers.putFields(name, text(value)));
    ListValue.Builder attachments = ListValue.newBuilder();
    for (Attachment attachment : task.getAttachmentsList()) {
      attachments.addValues(
          object(
              Struct.newBuilder()
                  .putFields("name", text(attachment.getName()))
                  .putFields("media_type", text(attachment.getMediaType()))
                  .putFields("bytes", number(attachment.getData().size()))));
    }
    return object(
        Struct.newBuilder()
            .putFields("attempt", number(task.getAttempt()))
            .putFields("idempotency_key", text(task.getIdempotencyKey()))
            .putFields("hops", number(task.getHops()))
            .putFields("sender", text(task.getSender()))
            .putFields("headers", object(headers))
            .putFields("attachments", Value.newBuilder().setListValue(attachments).build()));
  }

  private static Value object(Struct.Builder fields) {
    return Value.newBuilder().setStructValue(fields).build();
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }

  private static Value number(double number) {
    return Value.newBuilder().setNumberValue(number).build();
  }
}
