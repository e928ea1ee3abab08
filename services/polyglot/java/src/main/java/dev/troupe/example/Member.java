package dev.troupe.example;

import com.google.protobuf.Duration;
import com.google.protobuf.Value;
import com.google.rpc.Code;
import dev.troupe.v1.AgentCard;
import dev.troupe.v1.AgentMessage;
import dev.troupe.v1.AgentServiceGrpc;
import dev.troupe.v1.AgentStatus;
import dev.troupe.v1.DescribeRequest;
import dev.troupe.v1.DescribeResponse;
import dev.troupe.v1.HandleRequest;
import dev.troupe.v1.HandleResponse;
import dev.troupe.v1.Heartbeat;
import dev.troupe.v1.MessageType;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * AgentService with Describe and Handle, and no more: enough to be a member. A failure ends the call with a gRPC status, which means
 * the same as an ERROR message.
 */
final class Member extends AgentServiceGrpc.AgentServiceImplBase {
  /** Does a task: answers the payload of its RESULT. It is interrupted when the caller cancels or the time is up. */
  interface Handler {
    Value handle(AgentMessage task) throws Exception;
  }

  private static final int MAX_HOPS = 16;
  private static final int MAX_MESSAGE_BYTES = 4 * 1024 * 1024 - 64 * 1024;
  private static final long MAX_TTL_NANOS = TimeUnit.HOURS.toNanos(1);
  private static final long DEFAULT_TTL_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final AgentCard card;
  private final Map<String, Handler> handlers;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private boolean draining;
  private int inFlight;
  private long received;
  private long failed;
  private boolean lastFailed;

  Member(AgentCard card, Map<String, Handler> handlers) {
    this.card = card;
    this.handlers = handlers;
  }

  @Override
  public void describe(DescribeRequest request, StreamObserver<DescribeResponse> response) {
    response.onNext(DescribeResponse.newBuilder().setCard(card).build());
    response.onCompleted();
  }

  @Override
  public void handle(HandleRequest request, StreamObserver<HandleResponse> response) {
    try {
      if (!request.hasMessage()) throw Failure.invalid("INVALID_MESSAGE", "message", "is missing");
      response.onNext(answer(complete(request.getMessage())));
      response.onCompleted();
    } catch (StatusRuntimeException error) {
      response.onError(error);
    }
  }

  /** Takes nothing new from here on, and waits until nothing is in flight, so long at most. */
  synchronized void drain(long graceMs) throws InterruptedException {
    draining = true;
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(graceMs);
    while (inFlight > 0 && System.nanoTime() < until) TimeUnit.NANOSECONDS.timedWait(this, until - System.nanoTime());
    clock.shutdown();
  }

  private HandleResponse answer(AgentMessage message) {
    switch (message.getType()) {
      case MESSAGE_TYPE_UNSPECIFIED:
      case MESSAGE_TYPE_TASK:
        return HandleResponse.newBuilder().setMessage(work(message)).build();
      case MESSAGE_TYPE_HEARTBEAT:
        AgentMessage beat = reply(message, MessageType.MESSAGE_TYPE_HEARTBEAT).setHeartbeat(heartbeat()).build();
        return HandleResponse.newBuilder().setMessage(beat).build();
      case MESSAGE_TYPE_BROADCAST:
        check(message);
        return HandleResponse.getDefaultInstance();
      default:
        String text = "Handle takes TASK, BROADCAST and HEARTBEAT, not type " + message.getTypeValue();
        throw Failure.of(Code.UNIMPLEMENTED, "UNKNOWN_MESSAGE_TYPE", text);
    }
  }

  private AgentMessage work(AgentMessage task) {
    Handler handler = admit(task);
    boolean done = false;
    boolean cancelled = false;
    try (Context.CancellableContext life = Context.current().withDeadlineAfter(ttl(task), TimeUnit.NANOSECONDS, clock)) {
      Thread worker = Thread.currentThread();
      life.addListener(ended -> worker.interrupt(), Runnable::run);
      try {
        Value output = life.call(() -> handler.handle(task));
        AgentMessage result = reply(task, MessageType.MESSAGE_TYPE_RESULT).setPayload(output).build();
        if (result.getSerializedSize() > MAX_MESSAGE_BYTES) {
          throw Failure.of(Code.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", "The result is over 4 MiB - 64 KiB.");
        }
        done = true;
        return result;
      } catch (StatusRuntimeException error) {
        throw error;
      } catch (Exception error) {
        cancelled = life.isCancelled() && !life.getDeadline().isExpired();
        if (cancelled) throw Failure.of(Code.CANCELLED, "TASK_CANCELLED", "The caller cancelled the task.");
        if (life.isCancelled()) throw Failure.of(Code.DEADLINE_EXCEEDED, "TASK_TIMED_OUT", "The time ran out.");
        throw Failure.of(Code.UNKNOWN, "HANDLER_FAILED", String.valueOf(error.getMessage()));
      }
    } finally {
      // The thread goes back to its pool.
      Thread.interrupted();
      ended(done, cancelled);
    }
  }

  /** Refuses a task before any work on it, or counts it in. */
  private synchronized Handler admit(AgentMessage task) {
    received++;
    boolean admitted = false;
    try {
      if (draining) throw Failure.of(Code.UNAVAILABLE, "DRAINING", "This instance is about to leave.");
      check(task);
      Payload.check(task.getPayload());
      Handler handler = handlers.get(task.getCapability());
      if (handler == null) {
        String text = card.getId() + " has no capability " + task.getCapability() + ", but " + handlers.keySet();
        throw Failure.of(Code.NOT_FOUND, "CAPABILITY_NOT_FOUND", text);
      }
      inFlight++;
      admitted = true;
      return handler;
    } finally {
      if (!admitted) failed++;
    }
  }

  private synchronized void ended(boolean done, boolean cancelled) {
    inFlight--;
    if (!done) failed++;
    if (!cancelled) lastFailed = !done;
    notifyAll();
  }

  private synchronized Heartbeat heartbeat() {
    AgentStatus status =
        draining
            ? AgentStatus.AGENT_STATUS_DRAINING
            : inFlight > 0
                ? AgentStatus.AGENT_STATUS_BUSY
                : lastFailed ? AgentStatus.AGENT_STATUS_ERROR : AgentStatus.AGENT_STATUS_IDLE;
    return Heartbeat.newBuilder()
        .setStatus(status)
        .setReceived(received)
        .setInFlight(inFlight)
        .setFailed(failed)
        .build();
  }

  /** Fills in what a receiver fills in where it is empty, and what a trace needs from the metadata of the call. */
  private static AgentMessage complete(AgentMessage message) {
    AgentMessage.Builder complete = message.toBuilder();
    if (message.getId().isEmpty()) complete.setId(newId());
    if (message.getSender().isEmpty()) complete.setSender("anonymous");
    TraceMetadata.current().forEach((name, value) -> {
      if (!message.containsHeaders(name)) complete.putHeaders(name, value);
    });
    return complete.build();
  }

  private static void check(AgentMessage message) {
    if (message.getHops() > MAX_HOPS) {
      throw Failure.of(Code.FAILED_PRECONDITION, "HOP_LIMIT", "Over 16 agents have passed the work on.");
    }
    Duration ttl = message.getTtl();
    if (ttl.getSeconds() < 0 || ttl.getNanos() < 0) throw Failure.invalid("INVALID_MESSAGE", "ttl", "is negative");
    if (ttl(message) <= 0) {
      throw Failure.of(Code.DEADLINE_EXCEEDED, "MESSAGE_EXPIRED", "The message had expired.");
    }
  }

  /**
   * How long a message may live. The deadline of its call bounds it too, less a margin of 5 %, at least 2 and at most 50 ms: past it,
   * gRPC cuts the call, and an answer with its reason would not arrive.
   */
  private static long ttl(AgentMessage message) {
    Deadline deadline = Context.current().getDeadline();
    long nanos = message.hasTtl() || deadline != null ? MAX_TTL_NANOS : DEFAULT_TTL_NANOS;
    if (message.hasTtl()) {
      nanos = Math.min(nanos, TimeUnit.SECONDS.toNanos(message.getTtl().getSeconds()) + message.getTtl().getNanos());
    }
    if (deadline == null) return nanos;
    long left = deadline.timeRemaining(TimeUnit.NANOSECONDS);
    long margin = Math.min(Math.max(left / 20, TimeUnit.MILLISECONDS.toNanos(2)), TimeUnit.MILLISECONDS.toNanos(50));
    return Math.min(nanos, left - margin);
  }

  /** A UUIDv7: one that sorts by the time it was made (RFC 9562). */
  private static String newId() {
    UUID random = UUID.randomUUID();
    long high = System.currentTimeMillis() << 16 | 0x7000 | random.getMostSignificantBits() & 0x0FFF;
    return new UUID(high, random.getLeastSignificantBits()).toString();
  }

  /** A message about another one; its receiver fills in the id and the time. */
  private AgentMessage.Builder reply(AgentMessage about, MessageType type) {
    return AgentMessage.newBuilder()
        .setSender(card.getId())
        .setReceiver(about.getSender())
        .setType(type)
        .setCorrelationId(about.getId())
        .setCapability(about.getCapability());
  }
}
