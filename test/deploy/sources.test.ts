import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { describeDeployment } from './deployment-rules.ts';
import { type Deployment, type Manifest, ofKind, readManifests } from './manifest.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SCHEMAS = join(import.meta.dirname, 'kubernetes-api');

/** The part of a kustomization that the tests look at. */
interface Kustomization extends Manifest {
  resources: string[];
  images?: { name: string; newTag: string }[];
}

const files = globSync('deploy/**/*.yaml', { cwd: ROOT }).toSorted();
const documents = await Promise.all(
  files.map(async (file) => ({ file, manifests: await readManifests(join(ROOT, file)) })),
);
const manifests = documents
  .flatMap(({ manifests }) => manifests)
  .filter(({ kind }) => kind !== 'Kustomization');
const kustomizations = documents.flatMap(({ file, manifests }) =>
  ofKind<Kustomization>(manifests, 'Kustomization').map((kustomization) => ({ file, ...kustomization })),
);

const ajv = new Ajv2020({ strict: false });
for (const file of globSync('*.json', { cwd: SCHEMAS })) {
  ajv.addSchema(JSON.parse(await readFile(join(SCHEMAS, file), 'utf8')), file);
}

/**
 * What can be said without any tool: of the manifests as they are written. What kustomize makes of them is looked at by
 * `deploy/check.sh`.
 */
describe('the manifests in deploy/', () => {
  it.each(manifests.map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))(
    'has only fields of the Kubernetes API in the %s %s',
    (kind, _, manifest) => {
      const validate = ajv.getSchema(`${kind.toLowerCase()}.json`);
      expect(validate).toBeDefined();
      validate?.(manifest);
      expect(validate?.errors).toBe(null);
    },
  );

  it.each(kustomizations)('names only what there is in $file', ({ file, resources }) => {
    const missing = resources.filter((resource) => !existsSync(join(ROOT, dirname(file), resource)));
    expect(missing).toEqual([]);
  });

  it('has every agent of the crew in the base', () => {
    const crew = globSync('services/crew/*/main.ts', { cwd: ROOT }).map((main) =>
      dirname(main).split('/').at(-1),
    );
    const base = kustomizations.find(({ file }) => file === 'deploy/base/kustomization.yaml');
    expect(base?.resources).toEqual(expect.arrayContaining(crew));
  });

  it('runs images of this version', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const images = kustomizations.flatMap(({ images = [] }) => images);
    expect(images).toEqual([
      { name: 'troupe', newTag: version },
      { name: 'troupe-python-agent', newTag: version },
    ]);
  });
});

for (const deployment of ofKind<Deployment>(manifests, 'Deployment')) describeDeployment(deployment);
