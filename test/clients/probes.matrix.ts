import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBuilt } from '../polyglot/built.ts';
import { type DrivenMesh, startDrivenMesh } from './driven-mesh.ts';
import { runTool } from './shell.ts';

/** How many calls are made, and how many of them at once. */
const CALLS = 500;
const AT_ONCE = 20;

describe('probes and load', () => {
  let mesh: DrivenMesh;
  beforeAll(async () => {
    mesh = await startDrivenMesh();
  });
  afterAll(() => mesh?.close());

  describeBuilt(['grpc-health-probe'], 'grpc-health-probe', () => {
    const probe = (address: string, ...flags: string[]) =>
      runTool(['grpc-health-probe', `-addr=${address}`, ...flags]);

    it('sees that an orchestrator serves', async () => {
      const { code, stderr } = await probe(mesh.grpc);
      expect({ code, stderr }).toEqual({ code: 0, stderr: 'status: SERVING\n' });
      expect((await probe(mesh.grpc, '-service=troupe.v1.OrchestratorService')).code).toBe(0);
    });

    it('sees that an agent serves', async () => {
      expect((await probe(mesh.agent, '-service=troupe.v1.AgentService')).code).toBe(0);
    });

    it('sees that there is no such service', async () => {
      // Its exit code for an RPC that failed. Source: its README.
      expect((await probe(mesh.grpc, '-service=troupe.v1.Nobody')).code).toBe(3);
    });
  });

  describeBuilt(['ghz'], 'ghz', () => {
    /** Calls a method again and again, and answers how many calls ended with each code. */
    async function load(address: string, method: string, knows: readonly string[] = []) {
      const request = { message: { capability: 'numbers.count', payload: { to: 1 } } };
      const flags = ['--insecure', '-n', `${CALLS}`, '-c', `${AT_ONCE}`, '--format', 'json', ...knows];
      const call = ['--call', `troupe.v1.${method}`, '-d', JSON.stringify(request)];
      const { stdout, stderr } = await runTool(['ghz', ...flags, ...call, address]);
      if (!stdout.startsWith('{')) throw new Error(stderr);
      return JSON.parse(stdout).statusCodeDistribution;
    }

    it('has every task dispatched, by reflection', async () => {
      expect(await load(mesh.grpc, 'OrchestratorService.Dispatch')).toEqual({ OK: CALLS });
    });

    it('has every task dispatched, from the proto', async () => {
      const proto = ['--proto', 'proto/troupe/v1/orchestrator_service.proto', '-i', 'proto,proto/vendor'];
      expect(await load(mesh.grpc, 'OrchestratorService.Dispatch', proto)).toEqual({ OK: CALLS });
    });

    it('has every task done by an agent', async () => {
      expect(await load(mesh.agent, 'AgentService.Handle')).toEqual({ OK: CALLS });
    });
  });
});
