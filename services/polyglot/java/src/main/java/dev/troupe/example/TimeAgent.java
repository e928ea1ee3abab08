package dev.troupe.example;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.troupe.v1.AgentCard;
import dev.troupe.v1.AgentMessage;
import dev.troupe.v1.AgentServiceGrpc;
import dev.troupe.v1.Capability;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.InetSocketAddress;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * An agent for what {@code java.time} knows best: the same instant in another time zone. Its address stands in the orchestrator's
 * configuration, so it announces itself to nobody.
 */
public final class TimeAgent {
  private static final String SCHEMA =
      """
      {
        "type": "object",
        "properties": {"instant": {"type": "string"}, "zone": {"type": "string"}},
        "required": ["instant", "zone"]
      }
      """;
  private static final long GRACE_MS = 10_000;

  private TimeAgent() {}

  /** Environment: TROUPE_LISTEN (default {@code 127.0.0.1:0}). Writes its address to standard output once it serves. */
  public static void main(String[] args) throws Exception {
    Struct.Builder schema = Struct.newBuilder();
    JsonFormat.parser().merge(SCHEMA, schema);
    AgentCard.Builder card =
        AgentCard.newBuilder()
            .setId("timekeeper")
            .setInstanceId(UUID.randomUUID().toString())
            .setDescription("Tells an instant in any time zone.")
            .setProtocolRevision(1)
            .addCapabilities(
                Capability.newBuilder()
                    .setName("time.convert")
                    .setDescription("An instant (2026-03-29T01:00:00Z) as the clocks of a zone (Europe/Paris) show it.")
                    .setInputSchema(schema)
                    .setIdempotent(true));
    Map<String, Member.Handler> handlers = new HashMap<>(Map.of("time.convert", TimeAgent::convert));
    if ("1".equals(System.getenv("TROUPE_CONFORMANCE"))) {
      card.addCapabilities(Probe.capability());
      handlers.put("conformance.probe", Probe::handle);
    }

    Member member = new Member(card.build(), handlers);
    HealthStatusManager health = new HealthStatusManager();
    health.setStatus(AgentServiceGrpc.SERVICE_NAME, ServingStatus.SERVING);
    Server server =
        NettyServerBuilder.forAddress(listenAddress())
            .addService(ServerInterceptors.intercept(member, new TraceMetadata()))
            .addService(health.getHealthService())
            .build()
            .start();
    InetSocketAddress address = (InetSocketAddress) server.getListenSockets().get(0);
    System.out.printf(
        "{\"ready\":true,\"address\":\"%s:%d\"}%n", address.getAddress().getHostAddress(), address.getPort());

    Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(server, member, health)));
    server.awaitTermination();
  }

  private static Value convert(AgentMessage task) {
    Map<String, Value> input = task.getPayload().getStructValue().getFieldsMap();
    ZonedDateTime local;
    try {
      Instant instant = Instant.parse(input.getOrDefault("instant", Value.getDefaultInstance()).getStringValue());
      local = instant.atZone(ZoneId.of(input.getOrDefault("zone", Value.getDefaultInstance()).getStringValue()));
    } catch (DateTimeException error) {
      throw Failure.invalid("INVALID_PAYLOAD", "payload", String.valueOf(error.getMessage()));
    }
    Struct.Builder output =
        Struct.newBuilder()
            .putFields("local", text(local.toLocalDateTime().toString()))
            .putFields("offset", text(local.getOffset().getId()))
            .putFields("day", text(local.getDayOfWeek().toString().toLowerCase()));
    return Value.newBuilder().setStructValue(output).build();
  }

  private static void drain(Server server, Member member, HealthStatusManager health) {
    try {
      health.enterTerminalState();
      member.drain(GRACE_MS);
      // Watchers of our health stay as long as they are let.
      if (!server.shutdown().awaitTermination(1, TimeUnit.SECONDS)) server.shutdownNow();
    } catch (InterruptedException error) {
      server.shutdownNow();
    }
  }

  private static InetSocketAddress listenAddress() {
    String listen = System.getenv().getOrDefault("TROUPE_LISTEN", "127.0.0.1:0");
    int colon = listen.lastIndexOf(':');
    return new InetSocketAddress(listen.substring(0, colon), Integer.parseInt(listen.substring(colon + 1)));
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }
}
