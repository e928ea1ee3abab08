import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { type Mesh, startMesh } from './mesh.ts';
import { NETWORKS } from './network.ts';

const BUF = resolve(import.meta.dirname, '../../node_modules/.bin/buf');

let mesh: Mesh;
/** Where callers reach the agent. */
let agentAddress: string;
let emptyFolder: string;
let cuts = 0;
beforeAll(async () => {
  emptyFolder = await mkdtemp(join(tmpdir(), 'troupe-mesh-'));
});
afterAll(async () => {
  await rm(emptyFolder, { recursive: true });
  expect(cuts).toBeGreaterThan(0);
});

/** A message as JSON. */
type Answer = Record<string, unknown>;

/**
 * Calls a method as a person does who has nothing but the address, again where a cut ended the call; answers every
 * message that came, or the error.
 */
function curl(address: string, method: string, request: unknown = {}): Promise<Answer[]> {
  return mesh.network.sure(async () => {
    const answers = await curlOnce(address, method, request);
    const cutOff = answers.find(({ code }) => code === 'unavailable' || code === 'canceled');
    if (cutOff && mesh.network.cutting) throw new RpcError(Code.UNAVAILABLE, String(cutOff.message));
    return answers;
  });
}

async function curlOnce(address: string, method: string, request: unknown): Promise<Answer[]> {
  const flags = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', JSON.stringify(request)];
  const call = promisify(execFile)(BUF, [...flags, `http://${address}/troupe.v1.${method}`], {
    cwd: emptyFolder,
  });
  const { stdout, stderr } = await call.catch((error) => error);
  const texts = `${stdout}${stderr}`.split(/(?<=^\})\s*$/m).filter((text) => text.trim() !== '');
  return texts.map((text) => JSON.parse(text) as Answer);
}

const sections = [{ heading: 'One', text: 'A mesh has agents. Agents do work. The work is theirs.' }];

describe.each(NETWORKS)('buf curl, by reflection alone, in $name', (kind) => {
  beforeAll(async () => {
    mesh = await startMesh(kind);
    const agent = await mesh.agent('services/crew/summarizer/main.ts');
    agentAddress = await mesh.network.to(agent.address);
    await mesh.knows('summarizer');
  }, 60_000);
  afterAll(async () => {
    cuts += mesh.network.cuts;
    await mesh.stop();
  });

  it('describes an agent and hands it a task', async () => {
    const [described] = await curl(agentAddress, 'AgentService/Describe');
    expect(described).toMatchObject({ card: { id: 'summarizer', servesLink: true, checksInput: true } });
    const message = { capability: 'text.summarize', payload: { nonsense: true } };
    const [reply] = await curl(agentAddress, 'AgentService/Handle', { message });
    expect(reply).toMatchObject({ message: { type: 'MESSAGE_TYPE_ERROR', error: { code: 3 } } });
  });

  it('lists the roster of an orchestrator', async () => {
    await mesh.network.sure(async () => {
      const [roster] = await curl(mesh.address, 'OrchestratorService/ListAgents');
      expect(roster).toMatchObject({
        agents: [{ id: 'summarizer', status: 'AGENT_STATUS_IDLE', capabilities: ['text.summarize'] }],
      });
    });
  });

  it('dispatches a task, as one call and as a stream', async () => {
    const message = { capability: 'text.summarize', payload: { sections, language: 'en', sentences: 1 } };
    const { address } = mesh;
    const [answer] = await curl(address, 'OrchestratorService/Dispatch', { message });
    expect(answer).toMatchObject({
      message: { type: 'MESSAGE_TYPE_RESULT', sender: 'summarizer' },
      attempt: mesh.network.cutting ? expect.any(Number) : 1,
    });
    const stream = await curl(address, 'OrchestratorService/DispatchStream', { message });
    expect(stream.at(-1)).toMatchObject({ message: { type: 'MESSAGE_TYPE_RESULT' } });
  });

  it('broadcasts, runs a pipeline, and asks for health', async () => {
    const { address } = mesh;
    await mesh.network.sure(async () => {
      const outcomes = await curl(address, 'OrchestratorService/Broadcast', { message: { payload: 'news' } });
      expect(outcomes).toMatchObject([{ agentId: 'summarizer', acknowledgement: {} }]);
    });
    const step = { name: 'sum', capability: 'text.summarize', payload: { sections, language: 'en' } };
    const events = await curl(address, 'OrchestratorService/RunPipeline', { pipeline: { steps: [step] } });
    const told = events.map(({ event }) => Object.keys(event as object)[0]);
    expect(new Set(told)).toEqual(new Set(['stepStarted', 'stepProgressed', 'stepFinished', 'finished']));
    expect(told.at(-1)).toBe('finished');
    await mesh.network.sure(async () => {
      const [health] = await curl(address, 'OrchestratorService/CheckHealth');
      expect(health).toEqual({ agents: { summarizer: 'AGENT_STATUS_IDLE' } });
    });
  });

  it('writes and reads the state', async () => {
    const { address } = mesh;
    await curl(address, 'StateService/Set', { key: 'k', value: { a: [1, null] } });
    const [read] = await curl(address, 'StateService/Get', { key: 'k' });
    expect(read).toMatchObject({ entry: { key: 'k', value: { a: [1, null] } } });
  });

  it('is told what went wrong', async () => {
    const message = { capability: 'text.sumarize' };
    const [error] = await curl(mesh.address, 'OrchestratorService/Dispatch', { message });
    expect(error).toMatchObject({ code: 'not_found', message: expect.stringContaining('text.summarize') });
  });
});
