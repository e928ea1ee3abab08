import { setTimeout as pause } from 'node:timers/promises';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { createClient } from '../rpc/client.ts';
import { ServingStatus } from '../rpc/health.ts';
import type { AgentProcess } from './agent-process.ts';
import { toAnswer } from './answer.ts';
import { breach } from './breach.ts';
import type { DrainRecord, LinkDrain } from './drain-record.ts';
import type { RawLink } from './raw-link.ts';
import type { Visit } from './visit.ts';

/** How long the tasks take that are in flight at the signal, in milliseconds: time enough to look around. */
const WORK_MS = 1500;
/** How long a sign of the drain is waited for before it is taken to have begun, in milliseconds. */
const SIGN_MS = 500;
/** How many times its patience the kit waits for the end of the process. */
const EXIT_PATIENCES = 3;

/**
 * Gives an agent work, asks its process to leave, and notes what it does. The visit must stay open until all
 * was seen.
 */
export async function observeDrain(visit: Visit, process: AgentProcess): Promise<DrainRecord> {
  const before = await visit.inFlight();
  const order = { delay_ms: WORK_MS };
  const handled = visit.handle(visit.probe(order));
  const link = visit.survey.card?.servesLink ? visit.openLink() : undefined;
  const inFlight = link && visit.capacity(2) === 2 ? link.sendOne(visit.probe(order)) : undefined;
  const health = visit.survey.health ? watchHealth(visit) : undefined;
  await health?.begun;
  await visit.untilBusy(before + (inFlight === undefined ? 1 : 2));

  process.terminate();
  const heartbeat = link && drainingHeartbeat(link);
  await Promise.race([heartbeat?.catch(() => {}), health?.notServing, pause(SIGN_MS)].filter((sign) => sign));
  const refused = visit.handle(visit.probe());
  return unhandled({
    handled,
    refused,
    health: health?.told,
    link: link && heartbeat && unhandled({ heartbeat, ...endOfLink(visit, link, inFlight) }),
    exited: Promise.race([process.exited, late(EXIT_PATIENCES * visit.patienceMs)]),
  });
}

/** Sends one more task, which crosses the news of the drain, then half-closes, as an opener has to. */
function endOfLink(visit: Visit, link: RawLink, inFlight: string | undefined): Omit<LinkDrain, 'heartbeat'> {
  const crossed = link.ask(visit.probe()).then(toAnswer);
  const finished = inFlight === undefined ? undefined : link.answer(inFlight).then(toAnswer);
  link.halfClose();
  return { finished, crossed, ended: link.ended() };
}

function drainingHeartbeat(link: RawLink) {
  const tells = ({ heartbeat }: AgentMessage) => heartbeat?.status === AgentStatus.DRAINING;
  return link.until(() => link.received.find(tells), 'a HEARTBEAT with status DRAINING');
}

/** Watches the health of the server as a whole for as long as it may be watched. */
function watchHealth(visit: Visit) {
  const told: ServingStatus[] = [];
  const begun = Promise.withResolvers<void>();
  const notServing = Promise.withResolvers<void>();
  const ended = (async () => {
    const watch = createClient(Health, visit.channel).watch({}, { deadline: visit.deadline });
    try {
      for await (const { status } of watch) {
        told.push(status);
        begun.resolve();
        if (status === ServingStatus.NOT_SERVING) notServing.resolve();
      }
    } catch {
      // However the watch ends, what it told before is what counts.
    }
    begun.resolve();
    return told;
  })();
  return {
    begun: begun.promise,
    notServing: notServing.promise,
    told: Promise.race([ended, notServing.promise.then(() => told)]),
  };
}

async function late(ms: number): Promise<never> {
  await pause(ms, undefined, { ref: false });
  throw breach(`the process still runs ${ms} ms after SIGTERM`);
}

/** The same record, whose failures wait until a check asks for them. */
function unhandled<T extends object>(record: T): T {
  for (const part of Object.values(record)) if (part instanceof Promise) part.catch(() => {});
  return record;
}
