package dev.troupe.example;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Keeps what a trace needs of a call's metadata, and nothing else of it. */
final class TraceMetadata implements ServerInterceptor {
  private static final List<String> NAMES = List.of("traceparent", "tracestate", "baggage");
  private static final Context.Key<Map<String, String>> KEY = Context.keyWithDefault("trace", Map.of());

  /** That of the call at hand. */
  static Map<String, String> current() {
    return KEY.get();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata metadata, ServerCallHandler<Q, R> next) {
    Map<String, String> kept = new HashMap<>();
    for (String name : NAMES) {
      String value = metadata.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
      if (value != null) kept.put(name, value);
    }
    return Contexts.interceptCall(Context.current().withValue(KEY, kept), call, metadata, next);
  }
}
