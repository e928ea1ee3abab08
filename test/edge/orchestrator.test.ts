import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { serveAgent, type TaskContext, troupeError } from '../../services/agent/index.ts';
import { fromEnvironment, type OrchestratorOptions } from '../../services/orchestrator/config.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

async function orchestrate(options: OrchestratorOptions = {}) {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0', http: '127.0.0.1:0', ...options });
  closing.push(orchestrator);
  return { orchestrator, url: `http://${orchestrator.http}` };
}

/** An orchestrator with an HTTP door, and an agent that does `work` as the capability `test.work`. */
async function mesh(work: (input: never, task: TaskContext) => Promise<string> | string) {
  const { orchestrator, url } = await orchestrate();
  const capabilities = { 'test.work': { handle: work } };
  const agent = await serveAgent({ id: 'worker', capabilities }, { orchestrators: [orchestrator.address] });
  closing.push(agent);
  return { orchestrator, url, agent };
}

function dispatch(url: string, init: RequestInit = {}, payload: unknown = null): Promise<Response> {
  return fetch(`${url}/troupe.v1.OrchestratorService/Dispatch`, {
    method: 'POST',
    body: JSON.stringify({ message: { capability: 'test.work', payload } }),
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
  });
}

describe('the HTTP door of an orchestrator', () => {
  it('dispatches a task from JSON to an agent, and answers its RESULT', async () => {
    const { url, agent } = await mesh((input: string[]) => input.join(' '));
    const response = await dispatch(url, {}, ['from', 'curl']);
    expect(await response.json()).toMatchObject({
      message: { type: 'MESSAGE_TYPE_RESULT', sender: 'worker', payload: 'from curl' },
      instanceId: agent.card.instanceId,
      attempt: 1,
    });
  });

  it('lets Connect-Timeout-Ms reach the agent, less what the way takes', async () => {
    const { url } = await mesh((_, task) => String(task.remainingMs));
    const response = await dispatch(url, { headers: { 'connect-timeout-ms': '20000' } });
    const { message } = (await response.json()) as { message: { payload: string } };
    expect(Number(message.payload)).toBeGreaterThan(0);
    expect(Number(message.payload)).toBeLessThanOrEqual(20_000);
  });

  it('tells the agent when the request is given up', async () => {
    const started = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const { url } = await mesh(async (_, task) => {
      task.signal.addEventListener('abort', () => cancelled.resolve());
      started.resolve();
      await cancelled.promise;
      return '';
    });
    const controller = new AbortController();
    const request = dispatch(url, { signal: controller.signal });
    await started.promise;
    controller.abort();
    await expect(request).rejects.toThrow('aborted');
    await cancelled.promise;
  });

  it("answers an agent's error with its code and details", async () => {
    const { url } = await mesh(() => {
      throw troupeError('OVERLOADED', 'Too much.', { agent: 'worker' });
    });
    const response = await dispatch(url);
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({
      code: 'resource_exhausted',
      message: 'Too much.',
      details: [{ debug: { reason: 'OVERLOADED' } }, { debug: { retryDelay: '0.100s' } }],
    });
  });

  it('streams PROGRESS while the task is in flight, and the RESULT last', async () => {
    const seen = Promise.withResolvers<void>();
    const { url } = await mesh(async (_, task) => {
      task.progress('half way');
      await seen.promise;
      return 'done';
    });
    const orchestrator = createClient(
      OrchestratorService,
      createConnectTransport({ baseUrl: url, httpVersion: '1.1' }),
    );
    const types = [];
    for await (const { message } of orchestrator.dispatchStream({ message: { capability: 'test.work' } })) {
      types.push(message?.type);
      seen.resolve();
    }
    expect(types).toEqual([MessageType.PROGRESS, MessageType.RESULT]);
  });

  it('finishes what is in flight when the orchestrator drains', async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { orchestrator, url } = await mesh(async () => {
      started.resolve();
      await release.promise;
      return 'done';
    });
    const inFlight = dispatch(url);
    await started.promise;
    const drained = orchestrator.drain();
    const refused = await dispatch(url);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ details: [{ debug: { reason: 'DRAINING' } }] });
    release.resolve();
    expect(await (await inFlight).json()).toMatchObject({ message: { payload: 'done' } });
    await drained;
  });

  it('is not there unless it is asked for', async () => {
    expect((await orchestrate({ http: '' })).orchestrator.http).toBeUndefined();
    expect(fromEnvironment({})).toMatchObject({ http: undefined });
    expect(fromEnvironment({ TROUPE_HTTP: 'off' })).toMatchObject({ http: '' });
    const asked = { TROUPE_HTTP: '127.0.0.1:0', TROUPE_HTTP_ORIGINS: 'https://a.example, https://b.example' };
    expect(fromEnvironment(asked)).toMatchObject({
      http: '127.0.0.1:0',
      httpOrigins: ['https://a.example', 'https://b.example'],
    });
  });

  it('that cannot be opened lets the orchestrator fail, and leaves no other door open', async () => {
    const { url } = await orchestrate();
    const taken = new URL(url).host;
    const { orchestrator } = await orchestrate();
    const listen = orchestrator.address;
    await orchestrator.close();
    await expect(startOrchestrator({ listen, http: taken })).rejects.toThrow(`Cannot listen on ${taken}`);
    await orchestrate({ listen });
  });
});
