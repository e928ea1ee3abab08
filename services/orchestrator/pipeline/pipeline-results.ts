import { toBinary } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import {
  type AgentMessage,
  type Attachment,
  AttachmentSchema,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { MAX_MESSAGE_BYTES } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import { fromValue, toValue } from '../../protocol/value.ts';
import type { CheckedStep } from './check-pipeline.ts';
import type { ExpressionScope } from './expression-scope.ts';

/** What the finished steps of a run gave. Together it fits into the event that ends the pipeline. */
export class PipelineResults {
  /** The output of each step, by its name. */
  readonly outputs: Record<string, Value> = {};
  /** The attachments of `input` and of each step, by name, where a step refers to them. */
  readonly attachments: Map<string, readonly Attachment[]>;
  /** The attachments of the last step that finished. */
  lastAttachments: readonly Attachment[] = [];
  readonly #scope: ExpressionScope | undefined;
  /** Whose attachments the steps refer to. What none asks for is not kept. */
  readonly #sources: ReadonlySet<string>;
  #outputBytes = 0;

  /**
   * For a run of `steps`: `attachments` are those of the input; `scope` is told each output, where there are
   * expressions to see it.
   */
  constructor(
    steps: readonly CheckedStep[],
    attachments: readonly Attachment[],
    scope: ExpressionScope | undefined,
  ) {
    this.#sources = new Set(steps.flatMap((step) => step.attachments.map(({ source }) => source)));
    this.attachments = new Map([['input', attachments]]);
    this.#scope = scope;
  }

  /**
   * Adds a step's RESULT and answers its output. INVALID_PAYLOAD where that is no JSON, MESSAGE_TOO_LARGE where the
   * outputs of the pipeline no longer fit into one message: then nothing is added.
   */
  add(step: string, result: AgentMessage): Value {
    const output = toValue(fromValue(result.payload));
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
    if (this.#sources.has(step)) this.attachments.set(step, result.attachments);
    this.lastAttachments = result.attachments;
    this.#scope?.add(step, output);
    return output;
  }
}
