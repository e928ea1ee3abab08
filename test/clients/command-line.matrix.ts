import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBuilt } from '../polyglot/built.ts';
import { type Answer, CLIENTS, type CommandLineClient, call, doorOf, type Json } from './client.ts';
import { type DrivenMesh, startDrivenMesh } from './driven-mesh.ts';
import { type Nginx, startNginx } from './nginx.ts';

const COUNT_TO_2 = { capability: 'numbers.count', payload: { to: 2 } };

describe('clients', () => {
  for (const client of CLIENTS) {
    describeBuilt(client.needs, client.name, () => {
      drivesTheMesh(client);
      if (client.door === 'grpc') drivesAgents(client);
    });
  }
  describeBuilt(['grpcurl', 'nginx'], 'grpcurl, through nginx', () => {
    let nginx: Nginx;
    drivesTheMesh(CLIENTS[0]!, async (mesh) => {
      nginx = await startNginx(mesh.grpc);
      return nginx.address;
    });
    afterAll(() => nginx?.close());
  });
});

function drivesTheMesh(client: CommandLineClient, reach?: (mesh: DrivenMesh) => Promise<string>): void {
  let mesh: DrivenMesh;
  let address: string;
  beforeAll(async () => {
    mesh = await startDrivenMesh();
    address = (await reach?.(mesh)) ?? doorOf(mesh, client);
  });
  afterAll(() => mesh?.close());

  const ask = (method: string, request: Json, until?: RegExp): Promise<Answer> =>
    call(client, address, [method, request], until);

  it('dispatches a task', async () => {
    const { messages } = await ask('OrchestratorService/Dispatch', { message: COUNT_TO_2 });
    expect(messages).toMatchObject([
      { message: { type: 'MESSAGE_TYPE_RESULT', sender: 'counter', payload: { counted: 2 } } },
    ]);
  });

  it('streams a task’s progress, the result last', async () => {
    const { messages } = await ask('OrchestratorService/DispatchStream', { message: COUNT_TO_2 });
    expect(messages.map(({ message: { type, payload } }) => [type, payload])).toEqual([
      ['MESSAGE_TYPE_PROGRESS', { n: 1 }],
      ['MESSAGE_TYPE_PROGRESS', { n: 2 }],
      ['MESSAGE_TYPE_RESULT', { counted: 2 }],
    ]);
  });

  it('reads the code and the reason of a failure', async () => {
    const request = { message: { capability: 'numbers.count', payload: { to: 'two' } } };
    const { error } = await ask('OrchestratorService/Dispatch', request);
    expect(error).toEqual({ code: 'INVALID_ARGUMENT', reason: 'INVALID_PAYLOAD' });
  });

  it('watches the roster', async () => {
    const { messages } = await ask('OrchestratorService/WatchAgents', {}, /SYNCED.*\n {2}\}\n\}/s);
    expect(messages.slice(0, 2)).toMatchObject([
      { event: { type: 'ROSTER_EVENT_TYPE_PRESENT', agent: { id: 'counter' } } },
      { event: { type: 'ROSTER_EVENT_TYPE_SYNCED' } },
    ]);
  });

  it('writes, reads and watches the shared state', async () => {
    const { messages } = await ask('StateService/Set', { key: 'clients/a', value: [1, null] });
    const { revision } = messages[0].entry;
    const read = await ask('StateService/Get', { key: 'clients/a' });
    expect(read.messages).toMatchObject([{ entry: { value: [1, null], revision } }]);
    const since = { fromRevision: String(BigInt(revision) - 1n) };
    const watched = await ask('StateService/Watch', since, /\n\}\n/);
    expect(watched.messages).toMatchObject([{ event: { type: 'STATE_EVENT_TYPE_SET' } }]);
  });

  it('is refused a write at the wrong revision', async () => {
    const { error } = await ask('StateService/Set', { key: 'clients/a', value: 2, ifRevision: '1' });
    expect(error).toEqual({ code: 'ABORTED', reason: 'REVISION_CONFLICT' });
  });
}

function drivesAgents(client: CommandLineClient): void {
  let mesh: DrivenMesh;
  beforeAll(async () => {
    mesh = await startDrivenMesh();
  });
  afterAll(() => mesh?.close());

  it('asks an agent for its card', async () => {
    const { messages } = await call(client, mesh.agent, ['AgentService/Describe', {}]);
    expect(messages).toMatchObject([{ card: { id: 'counter', capabilities: [{ name: 'numbers.count' }] } }]);
  });

  it('has an agent do a task', async () => {
    const { messages } = await call(client, mesh.agent, ['AgentService/Handle', { message: COUNT_TO_2 }]);
    expect(messages).toMatchObject([{ message: { type: 'MESSAGE_TYPE_RESULT', payload: { counted: 2 } } }]);
  });
}
