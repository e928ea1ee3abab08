import { equals } from '@bufbuild/protobuf';
import { AgentCardSchema } from '../../../gen/troupe/v1/agent_card_pb.js';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { checkCard } from '../../protocol/card.ts';
import { compileSchema } from '../../protocol/schema.ts';
import { Code, codeName } from '../../rpc/code.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { seenIn } from '../seen-in.ts';

/** What an agent says of itself. */
export const describeChecks: readonly Check[] = [
  {
    id: 'describe.card',
    rule: 'Describe answers the card, with an id and an instance_id.',
    async run({ agent, deadline }) {
      const { card } = await agent.describe({}, { deadline });
      if (!card) throw breach('the response holds no card');
      if (!card.id || !card.instanceId) throw breach(`id "${card.id}", instance_id "${card.instanceId}"`);
      return `${card.id}, instance ${card.instanceId}, ${card.capabilities.length} capabilities`;
    },
  },
  {
    id: 'describe.bounds',
    rule: 'Names, labels, capabilities and times on the card are within their bounds, and no capability is there twice.',
    needs: ['card'],
    async run({ card }) {
      const [first, ...more] = checkCard(card);
      if (first)
        throw breach(`${first.field} ${first.description}${more.length ? `, and ${more.length} more` : ''}`);
      return 'every field within its bounds';
    },
  },
  {
    id: 'describe.stable',
    rule: 'A card does not change while its instance lives.',
    needs: ['card'],
    async run({ agent, card, deadline }) {
      const again = await agent.describe({}, { deadline });
      if (!again.card || !equals(AgentCardSchema, card, again.card))
        throw breach('the second card is another');
      return 'the same card again';
    },
  },
  {
    id: 'describe.revision',
    rule: 'protocol_revision is 1; 0 is read as 1.',
    needs: ['card'],
    async run({ card }) {
      if (card.protocolRevision > 1)
        throw breach(`protocol_revision ${card.protocolRevision}: the kit knows 1`);
      return `protocol_revision ${card.protocolRevision}`;
    },
  },
  {
    id: 'describe.input-schemas',
    rule: 'Every input_schema is JSON Schema 2020-12, at most 64 KiB, and refers to nothing outside itself.',
    needs: ['card'],
    async run({ card }) {
      const schemas = card.capabilities.filter(({ inputSchema }) => inputSchema);
      for (const { name, inputSchema } of schemas) {
        await compileSchema(inputSchema!).catch((error) => {
          throw breach(`${name}: ${seenIn(error)}`);
        });
      }
      return `${schemas.length} of ${card.capabilities.length} capabilities have one, all usable`;
    },
  },
  {
    id: 'describe.output-schemas',
    rule: 'Every output_schema is JSON Schema 2020-12.',
    needs: ['card'],
    async run({ card }) {
      const schemas = card.capabilities.filter(({ outputSchema }) => outputSchema);
      for (const { name, outputSchema } of schemas) {
        await compileSchema(outputSchema!, 'output_schema').catch((error) => {
          throw breach(`${name}: ${seenIn(error)}`);
        });
      }
      return `${schemas.length} of ${card.capabilities.length} capabilities have one, all usable`;
    },
  },
  {
    id: 'describe.link',
    rule: 'serves_link says that Link is served.',
    needs: ['link'],
    async run(visit) {
      const reply = await visit.openLink().ask({ type: MessageType.HEARTBEAT });
      return `serves_link: true, and a HEARTBEAT on a link is answered with ${MessageType[reply.type]}`;
    },
  },
  {
    id: 'describe.no-link',
    rule: 'serves_link: false says that Link is not served.',
    needs: ['no-link'],
    async run(visit) {
      const link = visit.openLink();
      link.halfClose();
      const error = await link.ended();
      if (error?.code !== Code.UNIMPLEMENTED) {
        throw breach(`serves_link: false, but Link ended ${codeName(error?.code ?? Code.OK)}`);
      }
      return 'serves_link: false, and Link is UNIMPLEMENTED';
    },
  },
];
