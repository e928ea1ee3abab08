import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { HeartbeatSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentServiceLinkRequestSchema } from '../../../gen/troupe/v1/agent_service_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { Link } from '../../../services/protocol/link/open-link.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { heartbeatOf } from '../../../services/protocol/reply.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { serve } from './links.ts';
import { heartbeat, sized, task } from './messages.ts';

/** More than the network and the other end take in while nobody reads. */
const MANY = 40;
const LARGE_BYTES = 3 * 1024 * 1024;

/** A link to an end that reads nothing, with more in its outbox than it gets rid of; then that end ends it. */
async function stuffed(says: 'nothing' | 'DRAINING') {
  const go = Promise.withResolvers<void>();
  const draining = create(HeartbeatSchema, { status: AgentStatus.DRAINING });
  const { client } = await serve(async function* () {
    if (says === 'DRAINING') yield { messages: [heartbeatOf(heartbeat(''), draining)] };
    await go.promise;
  });
  const heard = Promise.withResolvers<void>();
  const link = new Link({
    id: 'test',
    schema: AgentServiceLinkRequestSchema,
    call: (requests, options) => client.link(requests, options),
    onDraining: () => heard.resolve(),
  });
  const ends: Promise<string>[] = [];
  for (let n = 0; n < MANY; n++) {
    const end = Promise.withResolvers<string>();
    const sink = {
      progress: () => {},
      result: () => end.resolve('result'),
      error: (error: never) => end.resolve(`error ${reasonOf(error)}`),
      unsent: (error: never) => end.resolve(`unsent ${reasonOf(error)}`),
    };
    link.send(sized(task(`${n}`), LARGE_BYTES), sink, { deadline: Deadline.after(10_000) });
    ends.push(end.promise);
  }
  if (says === 'DRAINING') await heard.promise;
  // What there is room for has left by then.
  await new Promise((resolve) => setTimeout(resolve, 100));
  go.resolve();
  return Promise.all(ends);
}

describe('When a link ends', () => {
  it.each([
    ['nothing', 'unsent NO_LIVE_INSTANCE'],
    ['DRAINING', 'unsent DRAINING'],
  ] as const)('whose other end has said %s, what had not left yet is untouched: %s', async (says, unsent) => {
    const ends = await stuffed(says);
    expect(ends[0]).toBe('error INSTANCE_LOST');
    expect(ends.at(-1)).toBe(unsent);
    // In their order: what was sent first may have been worked on, what came after it not.
    expect(ends).toEqual([...ends].sort());
  });
});
