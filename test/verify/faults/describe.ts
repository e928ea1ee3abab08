import { randomUUID } from 'node:crypto';
import { Code } from '../../../services/rpc/code.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import type { Fault } from '../faulty-agent.ts';

/** Agents that say of themselves what is not so. */
export const describeFaults: Record<string, () => Fault> = {
  'describe.card': () => ({ seen: /no card/, card: () => undefined }),
  'describe.bounds': () => ({ seen: /^id must be/, card: (card) => ({ ...card, id: 'two words' }) }),
  'describe.stable': () => ({ seen: /another/, card: (card) => ({ ...card, instanceId: randomUUID() }) }),
  'describe.revision': () => ({ seen: /revision 9/, card: (card) => ({ ...card, protocolRevision: 9 }) }),
  'describe.input-schemas': () => ({
    seen: /input_schema/,
    card: (card) => ({
      ...card,
      capabilities: card.capabilities.map((capability) => ({ ...capability, inputSchema: { type: 'wish' } })),
    }),
  }),
  'describe.output-schemas': () => ({
    seen: /input_schema|schema/i,
    card: (card) => ({
      ...card,
      capabilities: card.capabilities.map((capability) => ({
        ...capability,
        outputSchema: { minimum: 'few' },
      })),
    }),
  }),
  'describe.link': () => ({
    seen: /UNIMPLEMENTED/,
    // biome-ignore lint/correctness/useYield: it fails before it could.
    link: async function* () {
      throw new RpcError(Code.UNIMPLEMENTED, 'No link.');
    },
  }),
  'describe.no-link': () => ({ seen: /ended OK/, card: (card) => ({ ...card, servesLink: false }) }),
};
