import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type AgentMessage, AgentMessageSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { type BroadcastResponse, OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { Payload } from '../../services/protocol/codec/payload.ts';
import { messageCodecs } from '../../services/protocol/codecs.ts';
import { errorInfoOf } from '../../services/protocol/reason.ts';
import { replyTo } from '../../services/protocol/reply.ts';
import { resultOfTask } from '../../services/protocol/task-sink.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { field } from '../rpc/wire.ts';
import { echo, patient } from './agents.ts';
import { collect, failure, TestMesh } from './test-mesh.ts';

const REFUSED = 'INVALID_ARGUMENT / INVALID_PAYLOAD';

function nested(levels: number): Buffer {
  let bytes: Buffer = Buffer.from('1a0178', 'hex');
  // list_value { values }
  for (let i = 0; i < levels; i++) bytes = field(0x32, field(0x0a, bytes));
  return bytes;
}

/** What is no Value, or none that may be, by why that is. */
const UNREADABLE: [string, Payload][] = [
  ['is a text that is no UTF-8', new Payload(Buffer.from('1a02fffe', 'hex'))],
  ['ends too early', new Payload(Buffer.from('1a7f78', 'hex'))],
  ['is nested 600 deep', new Payload(nested(600))],
];

/** An outcome in a word: `hears: reply`. */
function inWords({ agentId, outcome }: BroadcastResponse): string {
  if (outcome.case !== 'error') return `${agentId}: ${outcome.case}`;
  return `${agentId}: ${errorInfoOf(RpcError.fromStatus(outcome.value))?.reason}`;
}

describe.each(UNREADABLE)('A payload that %s', (_, payload) => {
  const mesh = new TestMesh();
  const message = (init: object): AgentMessage => ({ ...create(AgentMessageSchema, init), payload });

  /** A client that passes payloads on as they are. */
  function through<S extends typeof AgentService | typeof OrchestratorService>(service: S, address: string) {
    const channel = new Channel(address);
    mesh.defer(() => channel.close());
    return createClient(service, channel, messageCodecs);
  }

  /** An orchestrator, and a stranger whose every answer has the payload. */
  async function joinedByStranger() {
    const orchestrator = await mesh.orchestrator({ http: '127.0.0.1:0' });
    const { address } = await mesh.member({
      codecs: messageCodecs,
      handle: ({ message: task }) => ({ message: replyTo(task!, MessageType.RESULT, { payload }) }),
    });
    await orchestrator.rpc.register({ agentId: 'stranger', instanceId: 'stranger-1', address });
    return orchestrator;
  }

  it('is refused by the agent that it is sent to, whichever way it comes', async () => {
    const agent = await mesh.agent(echo());
    const orchestrator = await mesh.orchestrator({ static: [agent.address] });
    await orchestrator.knows('echo');
    const task = () => message({ capability: 'echo.say' });

    const { message: answer } = await through(AgentService, agent.address).handle({ message: task() });
    expect(errorInfoOf(RpcError.fromStatus(answer!.error!))?.reason).toBe('INVALID_PAYLOAD');
    const { dispatch } = through(OrchestratorService, orchestrator.address);
    expect(await failure(dispatch({ message: task() }))).toBe(REFUSED);
    const peer = await orchestrator.troupe.reach();
    const scope = { deadline: Deadline.after(10_000) };
    const overLink = resultOfTask((sink) => peer.send({ ...task(), id: 'a' }, sink, scope));
    expect(await failure(overLink)).toBe(REFUSED);
  });

  it('is recorded where payloads are, also of a task that waited for room', async () => {
    const busy = patient();
    const orchestrator = await mesh.orchestrator({ logPayloads: true });
    await mesh.agent({ ...busy.definition, maxConcurrency: 1 }, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('patient');
    const before = orchestrator.troupe.dispatch('patient.work', 'before');
    await busy.started;
    const { dispatch } = through(OrchestratorService, orchestrator.address);
    const refused = failure(dispatch({ message: message({ id: 'bad', capability: 'patient.work' }) }));
    busy.finish();
    expect((await before).payload).toBe('finished');
    expect(await refused).toBe(REFUSED);
    const { records } = await orchestrator.rpc.listMessages({ filter: { correlationId: 'bad' } });
    expect(records.map(({ message }) => [message!.type, message!.capability])).toContainEqual([
      MessageType.TASK,
      'patient.work',
    ]);
    expect((await orchestrator.troupe.dispatch('patient.work', 'after')).payload).toBe('finished');
  });

  it('is, in a broadcast, refused by whoever hears it', async () => {
    const orchestrator = await mesh.joinedBy(
      { ...echo('hears'), onBroadcast: () => 'heard' },
      echo('listens'),
    );
    const { broadcast } = through(OrchestratorService, orchestrator.address);
    const outcomes = await collect(broadcast({ message: message({}) }));
    expect(outcomes.map(inWords).sort()).toEqual(['hears: INVALID_PAYLOAD', 'listens: INVALID_PAYLOAD']);
  });

  it('fails, in an answer, the caller who reads it', async () => {
    const { troupe, http } = await joinedByStranger();
    expect(await failure(troupe.dispatch('strange.work', null))).toBe(REFUSED);
    const response = await fetch(`http://${http}/troupe.v1.OrchestratorService/Dispatch`, {
      method: 'POST',
      body: JSON.stringify({ message: { capability: 'strange.work' } }),
      headers: { 'content-type': 'application/json' },
    });
    expect(await response.json()).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('payload '),
    });
  });

  it('fails, in an answer, the step of a pipeline', async () => {
    const { rpc } = await joinedByStranger();
    const steps = [{ name: 'a', capability: 'strange.work' }];
    expect(await failure(rpc.runPipeline({ pipeline: { steps } }))).toBe('INVALID_ARGUMENT / STEP_FAILED');
  });

  it('is, in a reply to a broadcast, the error of that recipient alone', async () => {
    const orchestrator = await joinedByStranger();
    const hears = { ...echo('hears'), onBroadcast: () => 'heard' };
    await mesh.agent(hears, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('hears');
    const outcomes = await collect(orchestrator.rpc.broadcast({ message: {} }));
    expect(outcomes.map(inWords).sort()).toEqual(['hears: reply', 'stranger: INVALID_PAYLOAD']);
  });
});
