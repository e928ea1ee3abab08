import type { DescMessage } from '@bufbuild/protobuf';
import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { RpcError } from '../../rpc/rpc-error.ts';
import { Stop } from '../../rpc/stop-signal.ts';
import { type EncodedMessage, encodeMessage, encodeReply } from '../encoded.ts';
import { errorOf } from '../reply.ts';
import type { TaskSink } from '../task-sink.ts';
import { MAX_WAITING_PROGRESS, MAX_WAITING_PROGRESS_BYTES, slowReader } from '../task-stream.ts';
import type { Outbox } from './outbox.ts';

/** A task in flight at the serving end of a link: the sink that its handler answers into. */
export class ServedTask implements TaskSink {
  readonly #task: AgentMessage;
  readonly #sender: string;
  readonly #outbox: Pick<Outbox<DescMessage>, 'push'>;
  readonly #onEnd: () => void;
  /** Tells the handler to stop. */
  readonly signal = new Stop();
  #waiting = 0;
  #waitingBytes = 0;
  #ended = false;

  constructor(
    task: AgentMessage,
    sender: string,
    outbox: Pick<Outbox<DescMessage>, 'push'>,
    onEnd: () => void,
  ) {
    this.#task = task;
    this.#sender = sender;
    this.#outbox = outbox;
    this.#onEnd = onEnd;
  }

  /** Tells the handler to stop; the task still ends with its RESULT or ERROR. */
  cancel(reason: RpcError): void {
    this.signal.abort(reason);
  }

  progress(message: AgentMessage): void {
    if (this.#ended) return;
    try {
      this.#push(encodeMessage(message));
    } catch (thrown) {
      const error = RpcError.from(thrown);
      this.error(error);
      this.cancel(error);
    }
  }

  result(message: AgentMessage): void {
    this.#end(message);
  }

  error(error: RpcError): void {
    this.#end(errorOf(this.#task, error, { sender: this.#sender }));
  }

  /**
   * Lets a PROGRESS wait for its turn. One alone may have any size; more are SLOW_READER when they get too
   * many.
   */
  #push(bytes: EncodedMessage): void {
    const full =
      this.#waiting >= MAX_WAITING_PROGRESS || this.#waitingBytes + bytes.length > MAX_WAITING_PROGRESS_BYTES;
    if (full && this.#waiting > 0) throw slowReader();
    this.#waiting++;
    this.#waitingBytes += bytes.length;
    this.#outbox.push(bytes, () => {
      this.#waiting--;
      this.#waitingBytes -= bytes.length;
    });
  }

  #end(message: AgentMessage): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#outbox.push(encodeReply(this.#task, message));
    this.#onEnd();
  }
}
