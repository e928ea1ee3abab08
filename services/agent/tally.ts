import { create } from '@bufbuild/protobuf';
import { type Heartbeat, HeartbeatSchema } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';

/** How an instance is: what it is doing, and what it has done since it started. */
export class Tally {
  #received = 0;
  #inFlight = 0;
  #failed = 0;
  #lastFailed = false;
  #draining = false;

  /** Tasks that are being worked on. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether the instance is about to leave. */
  get draining(): boolean {
    return this.#draining;
  }

  get status(): AgentStatus {
    if (this.#draining) return AgentStatus.DRAINING;
    if (this.#inFlight > 0) return AgentStatus.BUSY;
    return this.#lastFailed ? AgentStatus.ERROR : AgentStatus.IDLE;
  }

  /** A task came in. */
  received(): void {
    this.#received++;
  }

  /** A task was refused before any work: it failed, but says nothing of how the instance is. */
  refused(): void {
    this.#failed++;
  }

  /** Work on a task begins. */
  started(): void {
    this.#inFlight++;
  }

  /**
   * Work on a task has ended. One that its caller cancelled counts as failed, but is no fault of the
   * instance.
   */
  ended(how: 'done' | 'failed' | 'cancelled'): void {
    this.#inFlight--;
    if (how !== 'done') this.#failed++;
    if (how !== 'cancelled') this.#lastFailed = how === 'failed';
  }

  /** The instance takes nothing new from here on. */
  drain(): void {
    this.#draining = true;
  }

  heartbeat(): Heartbeat {
    return create(HeartbeatSchema, {
      status: this.status,
      received: BigInt(this.#received),
      inFlight: this.#inFlight,
      failed: BigInt(this.#failed),
    });
  }
}
