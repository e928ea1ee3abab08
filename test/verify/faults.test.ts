import { describe, expect, it } from 'vitest';
import { CHECKS, verify } from '../../services/verify/index.ts';
import { besideFaults } from './faults/beside.ts';
import { describeFaults } from './faults/describe.ts';
import { drainFaults } from './faults/drain.ts';
import { linkFaults } from './faults/link.ts';
import { messageFaults } from './faults/messages.ts';
import { payloadFaults } from './faults/payloads.ts';
import { workFaults } from './faults/work.ts';
import { serveFaulty } from './faulty-agent.ts';

const FAULTS = {
  ...describeFaults,
  ...messageFaults,
  ...payloadFaults,
  ...workFaults,
  ...linkFaults,
  ...besideFaults,
  ...drainFaults,
};

describe('every check', () => {
  it('has an agent that fails it', () => {
    expect(Object.keys(FAULTS).sort()).toEqual(CHECKS.map(({ id }) => id).sort());
  });
});

describe('an agent made to break it fails', () => {
  it.concurrent.each(Object.entries(FAULTS))('%s', async (id, makeFault) => {
    const fault = makeFault();
    const agent = await serveFaulty(fault);
    try {
      const { address, process } = agent;
      const run = verify({ address, only: [id], patienceMs: 2500, ...(process && { process }) });
      const outcomes = await Array.fromAsync(run);
      expect(outcomes).toEqual([
        expect.objectContaining({ id, verdict: 'fail', seen: expect.stringMatching(fault.seen) }),
      ]);
    } finally {
      await agent.close();
    }
  });
});
