import { describe, expect, it } from 'vitest';
import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { PROBE_CAPABILITY } from '../../services/agent/conformance-probe.ts';
import { type AgentDefinition, serveAgent } from '../../services/agent/index.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { CHECKS, type Outcome, type VerifyOptions, verify } from '../../services/verify/index.ts';
import { linkFaults } from './faults/link.ts';
import { messageFaults } from './faults/messages.ts';
import { type Fault, serveFaulty, soundDefinition } from './faulty-agent.ts';

/** A run waits for work that takes its time, on a machine that has other work. */
const WHOLE_RUN_MS = 90_000;

/** Runs every check on our own agent, whose process is this one. */
async function verifyOwn(definition: Partial<AgentDefinition>): Promise<Outcome[]> {
  const agent = await serveAgent({ ...soundDefinition, ...definition });
  const { promise: exited, resolve } = Promise.withResolvers<string>();
  const terminate = () => void agent.drain().then(() => resolve('drained'));
  try {
    return await Array.fromAsync(verify({ address: agent.address, process: { terminate, exited } }));
  } finally {
    await agent.close();
  }
}

async function verifyFaulty(fault: Fault, options?: Partial<VerifyOptions>): Promise<Outcome[]> {
  const agent = await serveFaulty(fault);
  try {
    return await Array.fromAsync(verify({ address: agent.address, ...options }));
  } finally {
    await agent.close();
  }
}

/** The checks with a verdict, and what was seen. */
function those(outcomes: readonly Outcome[], verdict: Outcome['verdict']): Record<string, string> {
  return Object.fromEntries(outcomes.filter((o) => o.verdict === verdict).map(({ id, seen }) => [id, seen]));
}

describe.concurrent('our own agent', () => {
  it('passes all that applies, with a limit and replies to broadcasts', {
    timeout: WHOLE_RUN_MS,
  }, async () => {
    const outcomes = await verifyOwn({ maxConcurrency: 3, onBroadcast: () => 'heard' });
    expect(those(outcomes, 'fail')).toEqual({});
    expect(those(outcomes, 'skipped')).toEqual({
      'describe.no-link': 'the agent serves Link (serves_link: true)',
      'broadcast.acknowledgement': 'the agent replies to broadcasts',
      'broadcast.link-acknowledgement': 'the agent replies to broadcasts',
    });
    expect(outcomes.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id));
  });

  it('passes all that applies, one task at a time', { timeout: WHOLE_RUN_MS }, async () => {
    const outcomes = await verifyOwn({ maxConcurrency: 1 });
    expect(those(outcomes, 'fail')).toEqual({});
    const oneAtATime = 'the agent works on one task at a time (max_concurrency: 1)';
    expect(those(outcomes, 'skipped')).toEqual({
      'describe.no-link': 'the agent serves Link (serves_link: true)',
      'broadcast.reply': 'the agent acknowledges broadcasts',
      'link.interleaving': oneAtATime,
      'link.two-links': oneAtATime,
      'link.duplicate-id': oneAtATime,
      'drain.link-finishes': oneAtATime,
    });
  });
});

describe('an agent that serves Describe and Handle alone', () => {
  it('passes what applies, and is told by name what was not checked', async () => {
    const outcomes = await verifyFaulty({
      seen: /never/,
      card: (card) => ({
        ...card,
        servesLink: false,
        checksInput: false,
        capabilities: card.capabilities.filter(({ name }) => name !== PROBE_CAPABILITY),
      }),
      // biome-ignore lint/correctness/useYield: it fails before it could.
      link: async function* () {
        throw new RpcError(Code.UNIMPLEMENTED, 'This agent serves no Link.');
      },
    });
    expect(those(outcomes, 'fail')).toEqual({});
    expect(those(outcomes, 'pass')).toHaveProperty(['describe.no-link']);
    const skipped = those(outcomes, 'skipped');
    expect(skipped).toMatchObject({
      'messages.result': 'the agent does not offer conformance.probe: start it with TROUPE_CONFORMANCE=1',
      'link.batch': 'the agent serves no Link (serves_link: false)',
      'health.check': 'the agent serves no grpc.health.v1',
      'health.list': 'the agent serves no grpc.health.v1 List',
      'reflection.services': 'the agent serves no reflection',
    });
    expect(Object.keys(skipped).length + Object.keys(those(outcomes, 'pass')).length).toBe(CHECKS.length);
  });

  it('is told that its drain cannot be seen where its process is not known', async () => {
    const outcomes = await verifyFaulty({ seen: /never/ }, { only: ['drain'] });
    expect(new Set(Object.values(those(outcomes, 'skipped')))).toEqual(
      new Set(['the process is not known: give --pid, or let the kit start it (verify -- COMMAND)']),
    );
    expect(outcomes.every(({ verdict }) => verdict === 'skipped')).toBe(true);
  });
});

describe.concurrent('one fault', () => {
  it.each([
    ['messages.reply-id', messageFaults],
    ['messages.unknown-type', messageFaults],
    ['link.empty-batch', linkFaults],
    ['link.stray-reply', linkFaults],
  ])('fails %s and nothing else', { timeout: WHOLE_RUN_MS }, async (id, faults) => {
    const outcomes = await verifyFaulty(faults[id]!(), { only: ['describe', 'messages', 'errors', 'link'] });
    expect(Object.keys(those(outcomes, 'fail'))).toEqual([id]);
  });
});

describe('a run', () => {
  it('fails a check that takes more than its time', async () => {
    const outcomes = await verifyFaulty({ seen: /never/ }, { only: ['link.interleaving'], timeLimitMs: 100 });
    expect(those(outcomes, 'fail')).toEqual({ 'link.interleaving': 'no verdict within 100 ms' });
  });

  it('refuses a name that is no check and no subject', async () => {
    const run = verify({ address: '127.0.0.1:1', only: ['link.cancle'] });
    await expect(run.next()).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: expect.stringContaining('"link.cancle"'),
    });
  });

  it('fails UNAVAILABLE where nobody answers', async () => {
    const { address, close } = await serveFaulty({ seen: /never/ });
    await close();
    await expect(verify({ address }).next()).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });

  it('fails every check of an agent that answers nothing as it should, and comes to its end', async () => {
    const refuse = () => {
      throw new RpcError(Code.INTERNAL, 'Nothing works here.');
    };
    const outcomes = await verifyFaulty({ seen: /never/, card: refuse, handle: refuse, link: refuse });
    expect(Object.keys(those(outcomes, 'pass'))).toEqual([]);
    expect(those(outcomes, 'skipped')).toMatchObject({ 'describe.stable': 'Describe answers no card' });
    expect(those(outcomes, 'fail')).toMatchObject({ 'describe.card': 'INTERNAL: Nothing works here.' });
  });

  it('ends when it is told to, in the middle of a check', async () => {
    const stop = new AbortController();
    const asked = (message: AgentMessage) => {
      if (message.capability === PROBE_CAPABILITY) stop.abort(new RpcError(Code.CANCELLED, 'Enough.'));
      return message;
    };
    const run = verifyFaulty({ seen: /never/, asked }, { only: ['link.interleaving'], signal: stop.signal });
    await expect(run).rejects.toMatchObject({ message: 'Enough.' });
  });

  it('knows the contract by names that say what is checked', () => {
    expect(AgentService.methods.map(({ name }) => name)).toEqual(['Describe', 'Handle', 'Link']);
    expect(CHECKS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
    for (const { id, rule } of CHECKS) {
      expect(id).toMatch(/^[a-z]+\.[a-z-]+$/);
      expect(rule).toMatch(/^[A-Z].*\.$|^[a-z_]+.*\.$/);
    }
  });
});
