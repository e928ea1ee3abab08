import { expect, it, onTestFinished, vi } from 'vitest';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { PROBE_CAPABILITY } from '../../services/agent/conformance-probe.ts';
import { toValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import type { Member } from './member.ts';
import { refusal, TestedMember } from './tested-member.ts';
import { type Messages, UnreadLink } from './unread-link.ts';

/** Longer than any test: only a cancel ends it. */
const LONG = { id: 'long', capability: PROBE_CAPABILITY, payload: toValue({ delay_ms: 60_000 }) };

/**
 * More answers than 4,096 and what is on its way, but not more than 4 MiB and that; and the other way around. An answer
 * holds the id of its task.
 */
const MANY = { batches: 48, perBatch: 256, idBytes: 10 };
const LARGE = { batches: 60, perBatch: 15, idBytes: 16 * 1024 };

/** How long a member's leaving is waited for, in milliseconds. */
const PATIENCE_MS = 5000;

/** What is asked of a member that serves links. `current` answers the member once the tests run. */
export function servesLinks(member: Member, current: () => TestedMember): void {
  it.each([
    ['4,096 answers', MANY],
    ['4 MiB of answers', LARGE],
  ])('reads no more from an opener that leaves %s unread, and answers all once it reads', async (_, size) => {
    const before = await received(current());
    const tasks = refused(size);
    const link = open(current(), tasks);
    expect((await heldUp(current())) - before).toBeLessThan(tasks.flat().length);

    const answered = (await link.read()).map(({ correlationId }) => correlationId);
    expect(answered).toEqual(tasks.flat().map(({ id }) => id));
  });

  it('stops the tasks of an opener that it reads no more from when the link breaks', async () => {
    const link = open(current(), [[LONG], ...refused(MANY)]);
    await heldUp(current());
    await current().inFlight(1);
    link.close();
    await current().inFlight(0);
  });

  it('leaves as soon as an opener that it reads no more from reads', async () => {
    const leaving = await TestedMember.start(member);
    onTestFinished(() => leaving.close());
    const link = open(leaving, refused(MANY));
    await heldUp(leaving);
    const left = leaving.started.child.stop(15_000);
    await vi.waitFor(async () => expect((await leaving.heartbeat())?.status).toBe(AgentStatus.DRAINING), {
      timeout: PATIENCE_MS,
    });
    expect(await refusal(link.read())).toEqual({ code: Code.UNAVAILABLE, reason: 'DRAINING' });
    await left;
    expect(await leaving.started.child.exited).toBe('exited with code 0');
  });
}

/** Opens a link that nobody reads; it is closed after the test. */
function open(member: TestedMember, batches: readonly Messages[]): UnreadLink {
  const link = new UnreadLink(member.address, batches);
  onTestFinished(() => link.close());
  return link;
}

/** Batches of tasks that are refused at once, and count as received. */
function refused({ batches, perBatch, idBytes }: typeof MANY) {
  return Array.from({ length: batches }, (_, n) =>
    Array.from({ length: perBatch }, (_, m) => ({
      id: `${n}-${m}`.padEnd(idBytes, '.'),
      capability: 'nobody.does-this',
    })),
  );
}

/** How many tasks a member has received. */
async function received(member: TestedMember): Promise<number> {
  return Number((await member.heartbeat())?.received);
}

/** Waits until a member receives no more while it answers a hundred heartbeats; answers how many it has. */
async function heldUp(member: TestedMember): Promise<number> {
  for (let before = -1; ; ) {
    const now = await received(member);
    if (now === before) return now;
    before = now;
    for (let n = 0; n < 100; n++) expect(await member.heartbeat()).toBeDefined();
  }
}
