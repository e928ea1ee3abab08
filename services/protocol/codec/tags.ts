/** A field's tag on the wire: its number, shifted left by three, with its wire type. */
function tag(field: number, wireType: 0 | 1 | 2): number {
  return (field << 3) | wireType;
}

/** The tags of AgentMessage, by the numbers in `agent_message.proto`. */
export const Tag = {
  id: tag(1, 2),
  sender: tag(2, 2),
  receiver: tag(3, 2),
  type: tag(4, 0),
  payload: tag(5, 2),
  timestamp: tag(6, 2),
  correlationId: tag(7, 2),
  ttl: tag(8, 2),
  capability: tag(9, 2),
  task: tag(10, 2),
  error: tag(11, 2),
  heartbeat: tag(12, 2),
  headers: tag(13, 2),
  attachments: tag(14, 2),
  attempt: tag(15, 0),
  idempotencyKey: tag(16, 2),
  sequence: tag(17, 0),
  hops: tag(18, 0),
  routing: tag(19, 2),
} as const;

/** The highest number of an AgentMessage's field that is known here. */
export const LAST_FIELD = 19;

/** The tags of google.protobuf.Timestamp and Duration. */
export const TimeTag = { seconds: tag(1, 0), nanos: tag(2, 0) } as const;

/** The tags of an entry of a map. */
export const EntryTag = { key: tag(1, 2), value: tag(2, 2) } as const;

/** The tags of google.protobuf.Value, and of the lists and structs in it. */
export const ValueTag = {
  nullValue: tag(1, 0),
  numberValue: tag(2, 1),
  stringValue: tag(3, 2),
  boolValue: tag(4, 0),
  structValue: tag(5, 2),
  listValue: tag(6, 2),
  /** The field of a Struct. */
  fields: tag(1, 2),
  /** The field of a ListValue. */
  values: tag(1, 2),
} as const;
