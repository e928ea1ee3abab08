import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMeshFile } from '../../services/cli/mesh/mesh-file.ts';
import { run, start } from '../cli/command-line.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/**
 * A folder inside the package, so that `troupe/agent` resolves, and out of the repository's sight. Not in `dist/`, which the
 * build of another test clears.
 */
const FOLDER = join(ROOT, 'coverage/mesh-file');
const DOCUMENT = readFileSync(join(ROOT, 'docs/mesh-file.md'), 'utf8');

/** The first block of a language. */
const block = (text: string, language: string) =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(text)![1]!;

beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'mesh.yaml'), block(DOCUMENT, 'yaml'));
  writeFileSync(join(FOLDER, 'greeter.ts'), block(readFileSync(join(ROOT, 'README.md'), 'utf8'), 'ts'));
});
afterAll(() => rmSync(FOLDER, { recursive: true }));

describe('docs/mesh-file.md', () => {
  it('has a mesh that works', async () => {
    const mesh = start(['up', '--listen', '127.0.0.1:0'], { cwd: FOLDER });
    await mesh.stdout.until(/ Ready: greeter-1, greeter-2, counter\./);
    const [, address = ''] = /listens at (\S+)\. /.exec(mesh.stdout.text) ?? [];
    const counted = await run(['dispatch', 'text.count', '-d', '"one two"', '-O', address]);
    expect(counted).toMatchObject({ code: 0, stdout: '2\n' });
    const greeted = await run(['dispatch', 'text.greet', '-d', '{"name":"Ada"}', '-O', address]);
    expect(greeted.stdout).toContain('Hello, Ada!');
    mesh.interrupt();
    expect(await mesh.ended).toBe(0);
  }, 60_000);

  it('has a row for every key that a mesh file may hold', () => {
    const wrong = 'orchestrator: { nonsense: 1 }\nagents: { a: { nonsense: 1, module: a.ts } }';
    const { mistakes = [] } = readMeshFile(wrong, { file: 'mesh.yaml', folder: '/', node: 'node' });
    const known = mistakes.map((mistake) =>
      [...mistake.split('known are')[1]!.matchAll(/"(\w+)"/g)].map(([, key]) => key),
    );
    const rows = DOCUMENT.split(/^## /m)
      .slice(1, 3)
      .map((chapter) => [...chapter.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key));
    expect(rows.map((keys) => keys.toSorted())).toEqual(known.map((keys) => keys.toSorted()));
  });
});
