import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { AgentCardSchema } from '../../../gen/troupe/v1/agent_card_pb.js';
import { Connection } from '../../../services/orchestrator/member/connection.ts';
import { newMessage } from '../../../services/protocol/codec/new-message.ts';
import { Channel } from '../../../services/rpc/channel.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { strangersCard } from '../bare-member.ts';
import { TestMesh } from '../test-mesh.ts';

const mesh = new TestMesh();

it.each([
  { end: 'a RESULT', handle: () => ({ message: {} }) },
  { end: 'no message', handle: () => ({}) },
  { end: 'a failure', handle: undefined },
])('A sink that throws when it is told of $end by Handle is told of by an event', async ({ handle }) => {
  const { address } = await mesh.member(handle ? { handle } : {});
  const channel = new Channel(address);
  mesh.defer(() => channel.close());
  const { promise: failed, resolve: onSinkFailed } = Promise.withResolvers<unknown>();
  const events = { onDraining() {}, onHeartbeat() {}, onLinkClosed() {}, onSinkFailed };
  const connection = new Connection(channel, create(AgentCardSchema, strangersCard()), new Map(), events);
  const fault = new Error('The sink fails.');
  const fail = () => {
    throw fault;
  };
  const sink = { progress() {}, result: fail, error: fail };
  connection.send({ ...newMessage(), id: 'task' }, sink, { deadline: Deadline.after(10_000) });
  expect(await failed).toBe(fault);
});
