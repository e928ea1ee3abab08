import { toBinary } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import {
  type AgentMessage,
  type Attachment,
  AttachmentSchema,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { MAX_MESSAGE_BYTES } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import { fromValue, type JsonValue, toValue } from '../../protocol/value.ts';
import type { ExpressionScope } from './expression.ts';

/** What the finished steps of a run gave. Together it fits into the event that ends the pipeline. */
export class PipelineResults {
  /** The output of each step, by its name. */
  readonly outputs: Record<string, Value> = {};
  /** The attachments of `input` and of each step, by name. */
  readonly attachments: Map<string, readonly Attachment[]>;
  /** The attachments of the last step that finished. */
  lastAttachments: readonly Attachment[] = [];
  readonly #scope: ExpressionScope | undefined;
  #outputBytes = 0;

  /** `attachments` are those of the input; `scope` is told each output, where there are expressions to see it. */
  constructor(attachments: readonly Attachment[], scope: ExpressionScope | undefined) {
    this.attachments = new Map([['input', attachments]]);
    this.#scope = scope;
  }

  /**
   * Adds a step's RESULT and answers its output. INVALID_PAYLOAD where that is no JSON, MESSAGE_TOO_LARGE where the
   * outputs of the pipeline no longer fit into one message: then nothing is added.
   */
  add(step: string, result: AgentMessage): Value {
    const json: JsonValue = fromValue(result.payload);
    const output = toValue(json);
    const outputBytes = this.#outputBytes + toBinary(ValueSchema, output).length;
    const bytes = result.attachments.reduce(
      (sum, one) => sum + toBinary(AttachmentSchema, one).length,
      outputBytes,
    );
    if (bytes > MAX_MESSAGE_BYTES) {
      throw troupeError(
        'MESSAGE_TOO_LARGE',
        `The outputs up to this step take ${bytes} bytes, and a pipeline ends with them all in one message of at most ${MAX_MESSAGE_BYTES}: let the steps answer with less, or with URIs.`,
      );
    }
    this.#outputBytes = outputBytes;
    this.outputs[step] = output;
    this.attachments.set(step, result.attachments);
    this.lastAttachments = result.attachments;
    this.#scope?.add(step, json);
    return output;
  }
}
