import { describe, expect, it } from 'vitest';
import { type Deployment, variable } from './manifest.ts';

/** How long a member takes at most to finish what is in flight, in seconds: the default of `RpcServer.drain`. */
const DRAIN_SECONDS = 10;

/** What holds for every deployment, of the orchestrator as of an agent in any language. */
export function describeDeployment({ metadata, spec }: Deployment): void {
  const pod = spec.template.spec;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];

  describe(`the deployment ${metadata.name}`, () => {
    it('runs as a numbered user who is not root, without a service-account token', () => {
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: expect.any(Number),
          runAsGroup: expect.any(Number),
          seccompProfile: { type: 'RuntimeDefault' },
        },
      });
    });

    it('takes nothing of its node but an empty folder of bounded size', () => {
      for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'serviceAccountName']) {
        expect(pod).not.toHaveProperty(field);
      }
      expect(pod.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: expect.any(String) } }]);
    });

    it('has time to drain before it is killed, and is not taken for dead meanwhile', () => {
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(DRAIN_SECONDS);
      for (const { livenessProbe } of containers) {
        const deadAfter = livenessProbe.periodSeconds * livenessProbe.failureThreshold;
        expect(deadAfter).toBeGreaterThanOrEqual(pod.terminationGracePeriodSeconds);
      }
    });

    it('selects its own pods', () => {
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    });

    it.each(containers)(
      'lets the container $name write to its own folder only, with no more rights',
      (container) => {
        expect(container).toMatchObject({
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        });
        expect(container).not.toHaveProperty('securityContext.privileged');
        expect(container).not.toHaveProperty('securityContext.capabilities.add');
      },
    );

    it.each(containers)('bounds what the container $name takes', ({ resources }) => {
      const bounds = {
        cpu: expect.any(String),
        memory: expect.any(String),
        'ephemeral-storage': expect.any(String),
      };
      expect(resources).toEqual({ requests: bounds, limits: bounds });
    });

    it.each(containers)('asks the container $name over gRPC, where it listens', (container) => {
      const port = container.ports.find(({ name }) => name === 'grpc')?.containerPort;
      expect(variable(container, 'TROUPE_LISTEN')).toBe(`0.0.0.0:${port}`);
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
        expect(container[probe]).toMatchObject({ grpc: { port } });
      }
    });
  });
}
