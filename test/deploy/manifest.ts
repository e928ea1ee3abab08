import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';

/** Labels, or what selects by them. */
export type Labels = Readonly<Record<string, string>>;

/** The part of any manifest that the tests look at. */
export interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Labels };
}

/** A container of a pod. */
export interface Container {
  name: string;
  image: string;
  command?: string[];
  env: { name: string; value?: string }[];
  ports: { name: string; containerPort: number }[];
  resources: { requests: Labels; limits: Labels };
  startupProbe: Probe;
  readinessProbe: Probe;
  livenessProbe: Probe;
}

/** How the kubelet asks how a container is. */
export interface Probe {
  grpc: { port: number };
  periodSeconds: number;
  failureThreshold: number;
}

/** A deployment of the orchestrator or of an agent. */
export interface Deployment extends Manifest {
  spec: {
    replicas: number;
    minReadySeconds?: number;
    strategy: { type?: string };
    selector: { matchLabels: Labels };
    template: {
      metadata: { labels: Labels };
      spec: {
        terminationGracePeriodSeconds: number;
        containers: Container[];
        initContainers?: Container[];
        volumes: Record<string, unknown>[];
      };
    };
  };
}

/** The name that leads to a deployment's pods. */
export interface Service extends Manifest {
  spec: {
    clusterIP?: string;
    selector: Labels;
    ports: { port: number; targetPort: string }[];
  };
}

/** How many of a deployment's pods may be taken away at a time. */
export interface PodDisruptionBudget extends Manifest {
  spec: { selector: { matchLabels: Labels } };
}

/** The manifests in a file, of which those without content are left out. */
export async function readManifests(path: string): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(path, 'utf8'));
  return documents.map((document) => document.toJS()).filter((manifest) => manifest !== null);
}

/** The manifests of one kind. */
export function ofKind<M extends Manifest>(manifests: readonly Manifest[], kind: string): M[] {
  return manifests.filter((manifest): manifest is M => manifest.kind === kind);
}

/** Whether labels have all that a selector asks for. */
export function selects(selector: Labels, labels: Labels = {}): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** The value of a container's variable. */
export function variable({ env }: Container, name: string): string | undefined {
  return env.find((entry) => entry.name === name)?.value;
}
