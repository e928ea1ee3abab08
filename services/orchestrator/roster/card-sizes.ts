import { create, toBinary } from '@bufbuild/protobuf';
import { type AgentCard, AgentCardSchema } from '../../../gen/troupe/v1/agent_card_pb.js';

/** How many bytes a card takes on the wire. */
export const cardBytes = onceACard((card) => toBinary(AgentCardSchema, card).length);

/** A card whose capabilities have no schemas. */
export const cardWithoutSchemas = onceACard((card): AgentCard => {
  const capabilities = card.capabilities.map(({ inputSchema: _, outputSchema: __, ...rest }) => rest);
  return { ...card, capabilities };
});

/** A card that says whose it is, and nothing else. */
export const cardWithIds = onceACard(({ id, instanceId }) => create(AgentCardSchema, { id, instanceId }));

/** Does the work once for each card, which does not change: agents are described at each change of the roster. */
function onceACard<T>(work: (card: AgentCard) => T): (card: AgentCard) => T {
  const done = new WeakMap<AgentCard, { answer: T }>();
  return (card) => {
    let known = done.get(card);
    if (!known) {
      known = { answer: work(card) };
      done.set(card, known);
    }
    return known.answer;
  };
}
