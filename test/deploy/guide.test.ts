import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createRegistry, fromJsonString } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { file_troupe_v1_orchestrator_service } from '../../gen/troupe/v1/orchestrator_service_pb.js';

const ROOT = resolve(import.meta.dirname, '../..');

const guide = await readFile(join(ROOT, 'docs/kubernetes.md'), 'utf8');
const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
const commands = [...guide.matchAll(/^```sh\n(.*?)^```/gms)].map(([, text = '']) =>
  text.replaceAll('\\\n', ''),
);
const calls = commands
  .filter((command) => command.startsWith('grpcurl'))
  .map((command) => {
    const [, body = '{}'] = /-d '(.*?)'/.exec(command) ?? [];
    const [, service = '', method = ''] = /localhost:50051 (\S+)\/(\S+)/.exec(command) ?? [];
    return { service, method, body };
  });

describe('docs/kubernetes.md', () => {
  it('names only paths that there are', () => {
    const paths = [
      ...guide.matchAll(/\]\(\.\.\/([^)]+)\)/g),
      ...guide.matchAll(/(?<![\w/])((?:deploy|services)\/[\w./-]*\w)/g),
    ].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(8);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('builds images of this version', () => {
    const tags = [...guide.matchAll(/\btroupe(?:-python-agent)?:(\S+)/g)].map(([, tag]) => tag);
    expect(tags).toHaveLength(4);
    expect(new Set(tags)).toEqual(new Set([version]));
  });

  it.each(calls)('calls $method as the proto has it', ({ service, method, body }) => {
    const registry = createRegistry(file_troupe_v1_orchestrator_service);
    const { input } = registry.getService(service)?.methods.find(({ name }) => name === method) ?? {};
    expect(input).toBeDefined();
    expect(() => input && fromJsonString(input, body, { registry })).not.toThrow();
  });

  it('has calls to check', () => expect(calls).toHaveLength(3));
});
