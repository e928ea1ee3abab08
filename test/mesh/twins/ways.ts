import type { TaskEvent, TaskResult, Troupe } from '../../../services/client/index.ts';
import { msToDuration } from '../../../services/protocol/ttl.ts';
import { fromValue, toValue } from '../../../services/protocol/value.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { CALLERS, type CallerWay, type News, type Send } from '../../orchestrator/callers.ts';
import { type Heard, heardError, heardProgress, heardResult } from './heard.ts';
import type { Part } from './script.ts';

/** The agents of a mesh of twins: they differ in nothing but how their tasks come. */
export const AGENTS = { linked: 'Link', called: 'Handle' } as const;
/** One of them. */
export type AgentId = keyof typeof AGENTS;

/** How one task is sent. */
export interface Sending {
  /** By which its scene is found, and its records. */
  key: string;
  /** The id of the message, where the caller chooses it. */
  id: string;
  signal: AbortSignal;
  hear(heard: Heard): void;
}

/** A way from a caller to an agent. */
export interface Way {
  name: string;
  agent: AgentId;
  /** Whether PROGRESS comes this way: Dispatch and Handle carry none. */
  tells: boolean;
  /** Whether an id that is in flight is refused: only links know what is in flight on them. */
  refusesCopies: boolean;
  send(part: Part, sending: Sending): void;
}

/** The ways of a stranger, by each RPC to each agent. */
export function strangersWays(send: Record<CallerWay, Send>): Way[] {
  return waysOf(CALLERS, (caller, agent) => ({
    tells: caller !== 'Dispatch' && agent === 'linked',
    refusesCopies: caller === 'Link' || agent === 'linked',
    send({ ask, odd, byReceiver }, { key, id, signal, hear }) {
      const { payload, verb = 'play', timeoutMs, ...rest } = ask;
      const message = {
        id,
        sender: 'player',
        payload: toValue(payload),
        capability: `${agent}.${verb}`,
        correlationId: key,
        idempotencyKey: key,
        ...(byReceiver && { receiver: agent }),
        ...(timeoutMs !== undefined && { ttl: msToDuration(timeoutMs) }),
        ...rest,
        attachments: [...(rest.attachments ?? [])],
        ...odd,
      };
      send[caller](message, { signal }, (news) => hear(heardNews(news)));
    },
  }));
}

/** The ways of the client, where the orchestrator serves a link, and where it serves none. */
export function troupesWays(troupes: { 'over a link': Troupe; 'without a link': Troupe }): Way[] {
  return waysOf(Object.keys(troupes) as (keyof typeof troupes)[], (caller, agent) => ({
    tells: agent === 'linked',
    refusesCopies: false,
    send({ ask, byReceiver, progress }, { key, signal, hear }) {
      const troupe = troupes[caller];
      const { payload, verb = 'play', ...rest } = ask;
      const capability = `${agent}.${verb}`;
      const options = { ...rest, signal, correlationId: key, idempotencyKey: key };
      // A caller that does not want the PROGRESS asks in another way; who wants it dispatches.
      const heard =
        progress.length > 0
          ? hearAll(troupe.dispatchStream(capability, payload, options), hear)
          : (byReceiver
              ? troupe.send(agent, payload, { ...options, capability })
              : troupe.dispatch(capability, payload, options)
            ).then((result) => hear(heardTaskResult(result)));
      heard.catch((thrown) => hear(heardError(RpcError.from(thrown))));
    },
  }));
}

function waysOf<C extends string>(
  callers: readonly C[],
  make: (caller: C, agent: AgentId) => Pick<Way, 'tells' | 'refusesCopies' | 'send'>,
): Way[] {
  const agents = Object.keys(AGENTS) as AgentId[];
  return callers.flatMap((caller) =>
    agents.map((agent) => ({ name: `${caller} to ${AGENTS[agent]}`, agent, ...make(caller, agent) })),
  );
}

async function hearAll(events: AsyncIterable<TaskEvent>, hear: (heard: Heard) => void): Promise<void> {
  for await (const event of events) {
    if (event.type === 'progress') hear(heardProgress(event.sequence, event.payload));
    else hear(heardTaskResult(event));
  }
}

function heardNews(news: News): Heard {
  if (news.type === 'error') return heardError(news.error);
  const { message } = news;
  const payload = fromValue(message.payload);
  if (news.type === 'progress') return heardProgress(message.sequence, payload);
  return heardResult(payload, { ...message, agent: message.sender });
}

function heardTaskResult({ payload, ...result }: TaskResult): Heard {
  return heardResult(payload, result);
}
