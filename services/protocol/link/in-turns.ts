import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AgentMessage } from '../../../gen/troupe/v1/agent_message_pb.js';

/** How many messages are taken in one turn of the event loop. */
const MESSAGES_PER_TURN = 16;

/**
 * Takes the messages of a batch, a few in each turn of the event loop: what those lead to is on its way, and worked on
 * at the other end, while the next are taken. In one turn all members would work after one another, never at once; and
 * one large batch would hold up everybody else.
 */
export async function inTurns(
  messages: readonly AgentMessage[],
  take: (message: AgentMessage) => void,
): Promise<void> {
  for (let i = 0; i < messages.length; i++) {
    if (i > 0 && i % MESSAGES_PER_TURN === 0) await nextTurn();
    take(messages[i]!);
  }
}
