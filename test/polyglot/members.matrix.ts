import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../gen/grpc/health/v1/health_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { DiscoverySource } from '../../gen/troupe/v1/roster_pb.js';
import { PROBE_CAPABILITY, PROBE_INPUT_SCHEMA } from '../../services/agent/conformance-probe.ts';
import { durationToMs } from '../../services/protocol/ttl.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import { describeBuilt } from './built.ts';
import { LANGUAGES } from './language.ts';
import { MEMBERS, type Member } from './member.ts';
import { servesLinks } from './member-links.ts';
import { doesTasks } from './member-tasks.ts';
import { refusal, TestedMember } from './tested-member.ts';

describe('members', () => {
  for (const member of MEMBERS) {
    describeBuilt(member.language, LANGUAGES[member.language].label, () => contract(member));
  }
});

function contract(member: Member) {
  let tested: TestedMember;
  beforeAll(async () => {
    tested = await TestedMember.start(member);
  });
  afterAll(() => tested?.close());

  it('joins the roster', async () => {
    const agent = await tested.mesh.seen(member.agent, (seen) => seen?.status === AgentStatus.IDLE);
    expect(agent?.instances[0]).toMatchObject({
      address: tested.address,
      source: member.announces ? DiscoverySource.ANNOUNCED : DiscoverySource.STATIC,
    });
  });

  if (member.announces) {
    it('renews its lease before it ends', async () => {
      const { orchestrator } = await tested.mesh.troupe.reach();
      const left = async () => {
        const { agent } = await orchestrator.getAgent({ agentId: member.agent });
        return durationToMs(agent!.instances[0]!.lease!);
      };
      let least = await left();
      await vi.waitFor(
        async () => {
          const now = await left();
          least = Math.min(least, now);
          expect(now).toBeGreaterThan(least);
        },
        { timeout: 5000 },
      );
    });
  }

  it('describes itself', async () => {
    const { card } = await tested.agent.describe({});
    expect(card).toMatchObject({ id: member.agent, servesLink: member.announces, protocolRevision: 1 });
    expect(card?.capabilities.map(({ name }) => name)).toContain(member.sample.capability);
    expect(card).toEqual((await tested.agent.describe({})).card);
  });

  it('offers the probe as the kit defines it', async () => {
    const { card } = await tested.agent.describe({});
    const probe = card?.capabilities.find(({ name }) => name === PROBE_CAPABILITY);
    expect(probe?.idempotent).toBe(true);
    expect(withoutDescriptions(probe?.inputSchema)).toEqual(withoutDescriptions(PROBE_INPUT_SCHEMA));
  });

  it('tells its health', async () => {
    const health = createClient(Health, tested.channel);
    expect((await health.check({})).status).toBe(ServingStatus.SERVING);
  });

  doesTasks(member, () => tested);
  if (member.announces) servesLinks(member, () => tested);

  it('hears a broadcast', async () => {
    const outcomes = [];
    for await (const { agentId, outcome } of tested.mesh.troupe.broadcast({ ask: 'who' })) {
      outcomes.push([agentId, outcome.case === 'reply' ? fromValue(outcome.value.payload) : outcome.case]);
    }
    expect(outcomes).toEqual([[member.agent, member.reply ?? 'acknowledgement']]);
  });

  it('answers a heartbeat', async () => {
    await tested.ask(null);
    const { orchestrator } = await tested.mesh.troupe.reach();
    expect((await orchestrator.checkHealth({})).agents).toEqual({ [member.agent]: AgentStatus.IDLE });
    expect(await tested.heartbeat()).toMatchObject({ status: AgentStatus.IDLE, inFlight: 0 });
  });

  it('comes back after the orchestrator was restarted', async () => {
    await tested.mesh.restart();
    await tested.mesh.seen(member.agent, (agent) => agent?.status === AgentStatus.IDLE);
    expect((await tested.ask({ echo: 'again' })).payload).toMatchObject({ echo: 'again' });
  });

  it('finishes what is in flight before it leaves', async () => {
    const inFlight = tested.ask({ delay_ms: 1000, echo: 'finished' });
    await tested.inFlight(1);
    const left = tested.started.child.stop(15_000);
    await tested.mesh.seen(
      member.agent,
      (agent) => agent?.status !== AgentStatus.BUSY && agent?.status !== AgentStatus.IDLE,
    );
    expect(await refusal(tested.handle({ capability: PROBE_CAPABILITY }))).toEqual({
      code: Code.UNAVAILABLE,
      reason: 'DRAINING',
    });
    expect((await inFlight).payload).toMatchObject({ echo: 'finished' });
    await left;
    expect(await tested.started.child.exited).toBe(
      member.language === 'java' ? 'exited with code 143' : 'exited with code 0',
    );
  });

  if (member.announces) {
    it('leaves the roster', async () => {
      expect(await tested.mesh.seen(member.agent, (agent) => agent === undefined)).toBeUndefined();
    });
  }
}

/** A schema as far as it decides: what it says to people is each author's own. */
function withoutDescriptions(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === 'description' ? undefined : value)));
}
