import { create } from '@bufbuild/protobuf';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AttachmentSchema, HeartbeatSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentService, AgentServiceLinkResponseSchema } from '../../../gen/troupe/v1/agent_service_pb.js';
import { messageCodecs } from '../../../services/protocol/codecs.ts';
import { serveLink } from '../../../services/protocol/link/serve-link.ts';
import { resultOf } from '../../../services/protocol/reply.ts';
import { fromValue } from '../../../services/protocol/value.ts';
import { Channel } from '../../../services/rpc/channel.ts';
import { createClient } from '../../../services/rpc/client.ts';
import { bind, RpcServer } from '../../../services/rpc/server.ts';
import { ask, open } from './links.ts';
import { reasonIn, task } from './messages.ts';

const TOO_MANY = Array.from({ length: 40_000 }, () => create(AttachmentSchema));

/** A link that reads as members do, to one that answers with more attachments than it may where it is asked to. */
async function linked() {
  const server = new RpcServer({
    services: [
      bind(
        AgentService,
        {
          describe: () => ({}),
          handle: () => ({}),
          link: (requests, context) =>
            serveLink(requests, context, {
              id: 'server',
              schema: AgentServiceLinkResponseSchema,
              task: (asked, sink) =>
                sink.result(resultOf(asked, 'done', asked.task === 'much' ? { attachments: TOO_MANY } : {})),
              broadcast: async () => undefined,
              heartbeat: () => create(HeartbeatSchema),
            }),
        },
        messageCodecs,
      ),
    ],
  });
  const channel = new Channel(await server.listen('127.0.0.1:0'));
  onTestFinished(async () => {
    channel.close();
    await server.close();
  });
  return open(createClient(AgentService, channel, messageCodecs));
}

describe('A message of too many fields', () => {
  it.each([
    ['that asks', { attachments: TOO_MANY }],
    ['that answers', { task: 'much' }],
  ])('%s fails its own task INVALID_MESSAGE, and the link goes on', async (_, init) => {
    const link = await linked();
    const [before, bad, after] = [task('1'), task('2', init), task('3')].map((sent) => ask(link, sent));
    expect(await reasonIn(bad!.end)).toBe('INVALID_MESSAGE');
    for (const { end } of [before!, after!]) expect(fromValue((await end).payload)).toBe('done');
    expect(link.taking).toBe(true);
  });
});
