import { afterEach } from 'vitest';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { StateService } from '../../gen/troupe/v1/state_service_pb.js';
import { type EdgeOptions, EdgeServer } from '../../services/edge/edge-server.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { bind } from '../../services/rpc/server.ts';

/**
 * What the doors below serve: an agent that answers its own messages, and a state whose watch is the
 * test's.
 */
export interface Served {
  handle?: Handlers<typeof AgentService>['handle'];
  watch?: Handlers<typeof StateService>['watch'];
}

const open: EdgeServer[] = [];
afterEach(async () => {
  for (const edge of open.splice(0)) await edge.close();
});

/** Opens an HTTP door on a free port, until the test ends. */
export async function openDoor({ handle, watch }: Served = {}, options: Omit<EdgeOptions, 'services'> = {}) {
  const services = [
    bind(AgentService, {
      describe: () => ({ card: { id: 'echo' } }),
      handle: handle ?? (({ message }) => (message ? { message } : {})),
      async *link(requests) {
        for await (const { messages } of requests) yield { messages };
      },
    }),
    bind(StateService, {
      get: () => ({}),
      set: () => ({}),
      delete: () => ({}),
      list: () => ({}),
      watch: watch ?? async function* () {},
    }),
  ];
  const edge = new EdgeServer({ ...options, services });
  open.push(edge);
  return { edge, url: `http://${await edge.listen('127.0.0.1:0')}` };
}

/** JSON as a test looks into it. */
// biome-ignore lint/suspicious/noExplicitAny: an assertion that looks into the wrong shape fails.
type Json = any;

/** Calls Handle with a body as it is, and answers the HTTP status and the body read as JSON. */
export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${url}/troupe.v1.AgentService/Handle`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, headers: response.headers, json: (await response.json()) as Json };
}
