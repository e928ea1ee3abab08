import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { RpcError } from '../../rpc/rpc-error.ts';
import type { StopSignal } from '../../rpc/stop-signal.ts';
import type { Alarm } from '../../rpc/timer-wheel.ts';
import { stoppedBy, timedOut } from '../stopped.ts';
import type { TaskScope, TaskSink } from '../task-sink.ts';

/** What a message in flight is watched by. */
export interface SendScope extends Pick<TaskScope, 'deadline'> {
  /** Aborted when nobody waits for the answer any more. Default: somebody does, to the end. */
  readonly signal?: StopSignal | undefined;
}

/** A message in flight at the opening end of a link: where its answers go, and until when they are waited for. */
export class InFlight {
  readonly sink: TaskSink;
  /** How many messages are sent before it; Infinity as long as it waits to be sent. */
  ahead = Number.POSITIVE_INFINITY;
  readonly #signal: StopSignal | undefined;
  readonly #alarm: Alarm;
  readonly #onAbort: (() => void) | undefined;

  /** `abandon` is called when the scope's signal aborts or its deadline passes, until `release` was called. */
  constructor(
    message: AgentMessage,
    sink: TaskSink,
    { signal, deadline }: SendScope,
    abandon: (id: string, error: RpcError) => void,
  ) {
    const { id } = message;
    this.sink = sink;
    this.#signal = signal;
    this.#alarm = deadline.onExpired(() => abandon(id, timedOut()));
    if (!signal) return;
    this.#onAbort = () => abandon(id, stoppedBy(signal));
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Lets go of the scope: the message was answered, or given up. */
  release(): void {
    this.#alarm.cancel();
    if (this.#onAbort) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
