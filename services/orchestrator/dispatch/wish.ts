import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';
import { stringHash } from '../../policy/string-hash.ts';
import type { Seat } from './seat.ts';

/** What a task asks of the instance that it goes to. */
export interface Wish {
  /** The labels that it has to have; nothing where any will do. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** The `stringHash` of the key whose tasks keep to one instance. */
  readonly keyHash: number | undefined;
  /** Where the task has been tried. */
  readonly tried: Seat[];
}

/** What a task asks for by its `routing`; it has not been tried yet. */
export function wishOf({ routing }: Pick<AgentMessage, 'routing'>): Wish {
  const labels = routing && Object.keys(routing.labels).length > 0 ? routing.labels : undefined;
  return { labels, keyHash: routing?.affinityKey ? stringHash(routing.affinityKey) : undefined, tried: [] };
}
