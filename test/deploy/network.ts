import { type Deployment, type Labels, type Manifest, ofKind, selects } from './manifest.ts';

/** Selects by labels; with none, everything. */
interface Selector {
  matchLabels?: Labels;
}

/** Who may be at the other end: what is not named does not narrow it. */
interface Peer {
  namespaceSelector?: Selector;
  podSelector?: Selector;
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port: number; protocol?: string }[];
}

interface NetworkPolicy extends Manifest {
  spec: { podSelector: Selector; policyTypes: string[]; ingress?: Rule[]; egress?: Rule[] };
}

/** A pod as network policies see it. */
export interface Pod {
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
}

/** The pods of a deployment. */
export function podOf({ metadata, spec }: Deployment): Pod {
  const namespace = metadata.namespace ?? '';
  return {
    namespace,
    namespaceLabels: { 'kubernetes.io/metadata.name': namespace },
    labels: spec.template.metadata.labels,
  };
}

/**
 * Whether the network policies among the manifests let one pod reach a port of another, by the rules of
 * networking.k8s.io/v1: a pod that policies of a direction select may only do there what one of them allows.
 */
export function reaches(
  manifests: readonly Manifest[],
  from: Pod,
  to: Pod,
  port: number,
  protocol = 'TCP',
): boolean {
  const policies = ofKind<NetworkPolicy>(manifests, 'NetworkPolicy');
  const allows = (direction: 'Ingress' | 'Egress', self: Pod, other: Pod): boolean => {
    const own = policies.filter(
      ({ metadata, spec }) =>
        spec.policyTypes.includes(direction) &&
        metadata.namespace === self.namespace &&
        matches(spec.podSelector, self.labels),
    );
    if (own.length === 0) return true;
    return own.some(({ metadata, spec }) =>
      (direction === 'Ingress' ? spec.ingress : spec.egress)?.some(
        ({ from, to, ports }) =>
          allowsPeer(from ?? to, other, metadata.namespace ?? '') && allowsPort(ports, port, protocol),
      ),
    );
  };
  return allows('Egress', from, to) && allows('Ingress', to, from);
}

function allowsPeer(peers: Peer[] | undefined, pod: Pod, namespace: string): boolean {
  if (!peers) return true;
  return peers.some(
    ({ namespaceSelector, podSelector }) =>
      (namespaceSelector ? matches(namespaceSelector, pod.namespaceLabels) : pod.namespace === namespace) &&
      matches(podSelector, pod.labels),
  );
}

function allowsPort(ports: Rule['ports'], port: number, protocol: string): boolean {
  return !ports || ports.some((entry) => entry.port === port && (entry.protocol ?? 'TCP') === protocol);
}

function matches(selector: Selector | undefined, labels: Labels): boolean {
  return selects(selector?.matchLabels ?? {}, labels);
}
