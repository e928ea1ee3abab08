import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeDeployment } from './deployment-rules.ts';
import {
  type Deployment,
  type Manifest,
  ofKind,
  type PodDisruptionBudget,
  readManifests,
  type Service,
  selects,
  variable,
} from './manifest.ts';
import { type Pod, podOf, reaches } from './network.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Where deploy/check has rendered to. */
const RENDERED = process.env.TROUPE_RENDERED ?? '.';

const base = await readManifests(join(RENDERED, 'base.yaml'));
const pythonAgent = await readManifests(join(RENDERED, 'python-agent.yaml'));

describe.each([
  ['base', base],
  ['overlays/python-agent', pythonAgent],
])('deploy/%s', (_, manifests) => {
  const deployments = ofKind<Deployment>(manifests, 'Deployment');
  const services = ofKind<Service>(manifests, 'Service');
  const budgets = ofKind<PodDisruptionBudget>(manifests, 'PodDisruptionBudget');
  const orchestrator = deployments.find(({ metadata }) => metadata.name === 'orchestrator')!;
  const agents = deployments.filter((deployment) => deployment !== orchestrator);
  const found = variable(orchestrator.spec.template.spec.containers[0]!, 'TROUPE_DNS')?.split(',') ?? [];

  for (const deployment of deployments) describeDeployment(deployment);

  it('keeps everything in one namespace, which admits restricted pods only', () => {
    const [namespace, ...others] = ofKind(manifests, 'Namespace');
    expect(others).toEqual([]);
    expect(namespace?.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    for (const { kind, metadata } of manifests) {
      if (kind !== 'Namespace') expect(metadata.namespace).toBe(namespace?.metadata.name);
    }
  });

  it.each(deployments.map((deployment) => [deployment.metadata.name, deployment] as const))(
    'gives %s labels, pods, a name and a port of its own',
    (name, deployment) => {
      const { labels } = deployment.spec.template.metadata;
      expect(labels).toMatchObject({
        'app.kubernetes.io/name': name,
        'app.kubernetes.io/component': deployment === orchestrator ? 'orchestrator' : 'agent',
        'app.kubernetes.io/part-of': 'troupe',
      });
      const owners = deployments.filter(({ spec }) => selects(spec.selector.matchLabels, labels));
      expect(owners).toEqual([deployment]);
      const leading = services.filter(({ spec }) => selects(spec.selector, labels));
      expect(leading.map(({ metadata }) => metadata.name)).toEqual([name]);
      const [container] = deployment.spec.template.spec.containers;
      expect(leading[0]?.spec.ports).toMatchObject([
        { port: container?.ports[0]?.containerPort, targetPort: 'grpc', appProtocol: 'kubernetes.io/h2c' },
      ]);
    },
  );

  it('runs one orchestrator, and never two at a time', () => {
    expect(orchestrator.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  });

  it.each(agents.map((agent) => [agent.metadata.name, agent] as const))(
    'keeps an instance of %s while others come and go, and leads to each of them',
    (name, { spec }) => {
      expect(spec.replicas).toBeGreaterThanOrEqual(2);
      expect(spec.strategy).toEqual({ rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
      const { labels } = spec.template.metadata;
      const own = budgets.filter((budget) => selects(budget.spec.selector.matchLabels, labels));
      expect(own).toMatchObject([{ metadata: { name }, spec: { maxUnavailable: 1 } }]);
      const service = services.find(({ metadata }) => metadata.name === name);
      expect(service?.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
    },
  );

  it.each(agents.map((agent) => [agent.metadata.name, agent] as const))(
    'has %s found by DNS or announced, where the orchestrator reaches it',
    (name, agent) => {
      const [container] = agent.spec.template.spec.containers;
      const announces = variable(container!, 'TROUPE_ORCHESTRATORS');
      const port = container!.ports[0]!.containerPort;
      if (announces === undefined) expect(found).toContain(`${name}:${port}`);
      else expect(announces).toBe('orchestrator:50051');
      expect(reaches(manifests, podOf(orchestrator), podOf(agent), port)).toBe(true);
      expect(reaches(manifests, podOf(agent), podOf(orchestrator), 50051)).toBe(announces !== undefined);
    },
  );

  it('looks up no name that leads nowhere', () => {
    const names = found.map((address) => address.split(':')[0]);
    expect(agents.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(names));
  });

  describe('its network policies', () => {
    const elsewhere = (namespaceLabels: Record<string, string>, labels = {}): Pod => ({
      namespace: 'elsewhere',
      namespaceLabels,
      labels,
    });
    const dns: Pod = {
      namespace: 'kube-system',
      namespaceLabels: { 'kubernetes.io/metadata.name': 'kube-system' },
      labels: { 'k8s-app': 'kube-dns' },
    };
    const announced = agents.filter(({ spec }) =>
      variable(spec.template.spec.containers[0]!, 'TROUPE_ORCHESTRATORS'),
    );

    it('let nobody but the orchestrator reach an agent', () => {
      const others = [...agents.map(podOf), elsewhere({}), elsewhere({ 'troupe/caller': 'true' })];
      const impostor = elsewhere({}, podOf(orchestrator).labels);
      for (const from of [...others, impostor]) {
        for (const agent of agents) expect(reaches(manifests, from, podOf(agent), 50061)).toBe(false);
      }
    });

    it('let the namespaces that are labelled as callers reach the orchestrator, on its port', () => {
      const to = podOf(orchestrator);
      expect(reaches(manifests, elsewhere({ 'troupe/caller': 'true' }), to, 50051)).toBe(true);
      expect(reaches(manifests, elsewhere({ 'troupe/caller': 'true' }), to, 22)).toBe(false);
      expect(reaches(manifests, elsewhere({}), to, 50051)).toBe(false);
    });

    it('let those who look names up reach DNS, and nobody go anywhere else', () => {
      const asking = [orchestrator, ...announced];
      for (const deployment of deployments) {
        const pod = podOf(deployment);
        expect(reaches(manifests, pod, dns, 53, 'UDP')).toBe(asking.includes(deployment));
        expect(reaches(manifests, pod, dns, 443)).toBe(false);
        expect(reaches(manifests, pod, elsewhere({}), 443)).toBe(false);
      }
    });
  });
});

describe('deploy/base', () => {
  it('runs what there is in the image', () => {
    const commands = ofKind<Deployment>(base, 'Deployment').flatMap(({ spec }) =>
      spec.template.spec.containers.flatMap(({ command }) => command?.slice(1) ?? []),
    );
    expect(commands).toHaveLength(5);
    expect(commands.filter((main) => !existsSync(join(ROOT, main)))).toEqual([]);
  });
});

describe('deploy/overlays/python-agent', () => {
  it('adds an agent, and changes nothing of the base', () => {
    const key = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;
    const all = new Map(pythonAgent.map((manifest) => [key(manifest), manifest]));
    for (const manifest of base) {
      expect(all.get(key(manifest))).toEqual(manifest);
      all.delete(key(manifest));
    }
    expect([...all.keys()].toSorted()).toEqual([
      'Deployment statistician',
      'NetworkPolicy statistician',
      'PodDisruptionBudget statistician',
      'Service statistician',
    ]);
  });
});
