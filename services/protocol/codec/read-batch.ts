import { type AgentMessage, AgentMessageSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import { countFields, MAX_FIELDS, UNCOUNTED_BYTES } from '../../rpc/count-fields.ts';
import { tooManyFields } from '../admit-fields.ts';
import { readMessage } from './read-message.ts';
import { refusedMessage } from './refused-message.ts';

/** How many bytes of smaller messages are read of a batch without counting: what the contract lets senders put. */
const MAX_UNCOUNTED_BYTES = 256 * 1024;

/**
 * Reads the messages of one batch. Of those that hold more fields than may be, be it together, each becomes an ERROR in
 * its own place, and costs the others nothing.
 *
 * Counting takes more than half of the time that reading does. So what an honest sender puts into a batch is not
 * counted: 256 KiB of messages that are too small to hold too much alone, and one larger message.
 */
export class BatchReader {
  #uncountedBytes = 0;
  #fields = 0;

  /** Reads the message from `start` to `end`. Throws what protobuf-es throws where it is none. */
  read(buffer: Buffer, start: number, end: number): AgentMessage {
    const size = end - start;
    if (size <= UNCOUNTED_BYTES && this.#uncountedBytes + size <= MAX_UNCOUNTED_BYTES) {
      this.#uncountedBytes += size;
      return readMessage(buffer, start, end);
    }
    const bytes = buffer.subarray(start, end);
    const count = countFields(AgentMessageSchema, bytes, { maxFields: MAX_FIELDS - this.#fields });
    if (typeof count !== 'number') return refusedMessage(bytes, tooManyFields(count));
    this.#fields += count;
    return readMessage(buffer, start, end);
  }
}
