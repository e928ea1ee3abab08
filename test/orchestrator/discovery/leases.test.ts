import { describe, expect, it } from 'vitest';
import { Leases } from '../../../services/orchestrator/discovery/leases.ts';
import { sightings } from './sightings.ts';

function leases(leaseMs?: number) {
  const { sink, lines, first } = sightings();
  const granted = new Leases(leaseMs === undefined ? {} : { leaseMs });
  granted.start(sink);
  return { granted, lines, first };
}

const a1 = { agentId: 'a', instanceId: 'a1', address: 'h:1' };

describe('a lease', () => {
  it('runs for 15 s, and is found when granted and not again when renewed', () => {
    const { granted, lines } = leases();
    expect(granted.leaseMs).toBe(15_000);
    const first = granted.grant(a1);
    const renewed = granted.grant(a1);
    expect(renewed.at).toBeGreaterThanOrEqual(first.at);
    expect(renewed.remainingMs).toBeLessThanOrEqual(15_000);
    expect(lines).toEqual(['found h:1 ANNOUNCED a a1']);
    granted.close();
  });

  it('that is not renewed runs out, after which it is granted anew', async () => {
    const { granted, first } = leases(20);
    const deadline = granted.grant(a1);
    await first(2);
    expect(deadline.expired).toBe(true);
    granted.grant(a1);
    expect(await first(4)).toEqual([
      'found h:1 ANNOUNCED a a1',
      'gone h:1 ANNOUNCED',
      'found h:1 ANNOUNCED a a1',
      'gone h:1 ANNOUNCED',
    ]);
  });

  it('ends when it is released, once', () => {
    const { granted, lines } = leases();
    granted.grant(a1);
    granted.release('a1');
    granted.release('a1');
    granted.release('nobody');
    expect(lines).toEqual(['found h:1 ANNOUNCED a a1', 'gone h:1 ANNOUNCED']);
  });

  it('that was released does not run out as well', async () => {
    const { granted, first } = leases(20);
    granted.grant(a1);
    granted.grant({ agentId: 'b', instanceId: 'b1', address: 'h:2' });
    granted.release('a1');
    expect((await first(4)).slice(2)).toEqual(['gone h:1 ANNOUNCED', 'gone h:2 ANNOUNCED']);
  });

  it('is taken over by a new instance at its address, which the old one cannot release', () => {
    const { granted, lines } = leases();
    granted.grant(a1);
    granted.grant({ ...a1, instanceId: 'a2' });
    granted.release('a1');
    expect(lines).toEqual(['found h:1 ANNOUNCED a a1', 'found h:1 ANNOUNCED a a2']);
    granted.release('a2');
    expect(lines.at(-1)).toBe('gone h:1 ANNOUNCED');
  });

  it('of an instance that moves ends at the old address', () => {
    const { granted, lines } = leases();
    granted.grant(a1);
    granted.grant({ ...a1, address: 'h:2' });
    expect(lines).toEqual(['found h:1 ANNOUNCED a a1', 'gone h:1 ANNOUNCED', 'found h:2 ANNOUNCED a a1']);
    granted.close();
  });

  it('of an instance that moves onto another one’s address ends both that were', () => {
    const { granted, lines } = leases();
    granted.grant(a1);
    granted.grant({ agentId: 'b', instanceId: 'b1', address: 'h:2' });
    granted.grant({ ...a1, address: 'h:2' });
    granted.release('b1');
    expect(lines.slice(2)).toEqual(['gone h:1 ANNOUNCED', 'found h:2 ANNOUNCED a a1']);
    granted.release('a1');
    expect(lines.at(-1)).toBe('gone h:2 ANNOUNCED');
  });
});
