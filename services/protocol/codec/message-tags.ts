/**
 * The tags of AgentMessage's fields: the field's number in `agent_message.proto`, shifted left by three, with its wire
 * type: 0 for numbers, 2 for all that has its length before it.
 */
export const ID = (1 << 3) | 2;
export const SENDER = (2 << 3) | 2;
export const RECEIVER = (3 << 3) | 2;
export const TYPE = (4 << 3) | 0;
export const PAYLOAD = (5 << 3) | 2;
export const TIMESTAMP = (6 << 3) | 2;
export const CORRELATION_ID = (7 << 3) | 2;
export const TTL = (8 << 3) | 2;
export const CAPABILITY = (9 << 3) | 2;
export const TASK = (10 << 3) | 2;
export const ERROR = (11 << 3) | 2;
export const HEARTBEAT = (12 << 3) | 2;
export const HEADERS = (13 << 3) | 2;
export const ATTACHMENTS = (14 << 3) | 2;
export const ATTEMPT = (15 << 3) | 0;
export const IDEMPOTENCY_KEY = (16 << 3) | 2;
export const SEQUENCE = (17 << 3) | 0;
export const HOPS = (18 << 3) | 0;

/** The highest number of a field that is known here. */
export const LAST_FIELD = 18;

/** The fields of google.protobuf.Timestamp and Duration. */
export const SECONDS = (1 << 3) | 0;
export const NANOS = (2 << 3) | 0;

/** The fields of an entry of a map. */
export const KEY = (1 << 3) | 2;
export const VALUE = (2 << 3) | 2;
