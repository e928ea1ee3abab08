import type { MessageInitShape } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import {
  AgentService,
  type AgentServiceLinkRequestSchema,
  type AgentServiceLinkResponse,
} from '../../gen/troupe/v1/agent_service_pb.js';
import { methodDefinition } from '../../services/rpc/codec.ts';
import { fromWire } from '../../services/rpc/status-details.ts';

/** The messages of a batch, as a test writes them down. */
export type Messages = MessageInitShape<typeof AgentServiceLinkRequestSchema>['messages'];

/**
 * The opening end of a link that says at once all that it is given, and reads no answer until it is told to. Until then
 * 16 batches get as far as grpc-js, and 64 KiB are on their way: over a `Channel` 8 MiB would be.
 */
export class UnreadLink {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<unknown, AgentServiceLinkResponse>;

  /** Opens a link to the member at `address`, sends the batches and half-closes. */
  constructor(address: string, batches: readonly Messages[]) {
    const { path, requestSerialize, responseDeserialize } = methodDefinition(AgentService.method.link);
    this.#client = new Client(address, credentials.createInsecure());
    this.#call = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => AgentServiceLinkResponse,
      new Metadata(),
    );
    // Without a listener, one that is cut off would fail whatever test runs then.
    this.#call.on('error', () => {});
    for (const messages of batches) this.#call.write({ messages });
    this.#call.end();
    // Before it is asked for the first time, grpc-js lets all come that there is.
    this.#call.read(0);
  }

  /** Reads all that is answered. Fails as the link ends. */
  async read(): Promise<AgentMessage[]> {
    const answers: AgentMessage[] = [];
    try {
      for await (const { messages } of this.#call) answers.push(...messages);
    } catch (error) {
      throw fromWire(error as ServiceError);
    }
    return answers;
  }

  /** Breaks the link, where it has not ended. */
  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}
