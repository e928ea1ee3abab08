import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SmallMesh, startSmallMesh } from '../small-mesh.ts';

const PIPELINE = `
name: loud
steps:
  - name: first
    capability: text.upper
    payload: { text: "\${input.text}" }
  - name: second
    capability: document.copy
    payload: { name: "\${steps.first.output}.md" }
    attachments: [input]
`;

const FAILING = `
steps:
  - name: first
    capability: text.upper
    payload: { text: hello }
  - name: second
    capability: text.fail
`;

let mesh: SmallMesh;
let cwd: string;
beforeAll(async () => {
  mesh = await startSmallMesh();
  cwd = await mkdtemp(join(tmpdir(), 'troupe-'));
  await writeFile(join(cwd, 'loud.yaml'), PIPELINE);
  await writeFile(join(cwd, 'failing.yaml'), FAILING);
  await writeFile(join(cwd, 'report.md'), '# Report');
});
afterAll(async () => {
  await mesh.close();
  await rm(cwd, { recursive: true });
});

const LOUD = ['run', 'loud.yaml', '--input', '{"text": "hi"}', '--attach', 'report.md'];

/** Progress without the times in it. */
function timeless(text: string): string {
  return text.replace(/ +[\d.]+ m?s\b/g, ' TIME');
}

describe('run', () => {
  it('tells each step beside the data, shows what the last one answered, and writes its documents', async () => {
    const { code, stdout, stderr } = await mesh.run([...LOUD, '--out', 'made'], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(['report.md: text/markdown']);
    expect(timeless(stderr)).toBe(
      [
        '·  first   text.upper     started',
        '·  first   text.upper     {"read":2}',
        '·  first   text.upper     half way',
        '✓  first   text.upper TIME  writer',
        '·  second  document.copy  started',
        '✓  second  document.copy TIME  writer',
        'wrote made/HI.md (8 bytes)',
        '',
      ].join('\n'),
    );
    expect(await readFile(join(cwd, 'made/HI.md'), 'utf8')).toBe('# Report');
  });

  it('shows the outputs of all steps as one JSON document, with the documents in it', async () => {
    const { code, stdout } = await mesh.run([...LOUD, '-o', 'json'], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      outputs: { first: 'HI', second: ['report.md: text/markdown'] },
      attachments: [
        { name: 'HI.md', mediaType: 'text/markdown', data: Buffer.from('# Report').toString('base64') },
      ],
    });
  });

  it('draws the step that runs on one line of a terminal, again and again', async () => {
    const { stderr } = await mesh.run(LOUD, { cwd, tty: true, env: { NO_COLOR: '1' } });
    const shown = stderr.split('\n').map((line) => line.split('\r\u001b[2K').at(-1) ?? '');
    expect(stderr).toMatch(/^\r\u001b\[2K⠙ {2}first {3}text\.upper/);
    expect(shown.map(timeless)).toEqual([
      '✓  first   text.upper TIME  writer',
      '✓  second  document.copy TIME  writer',
      'HI.md (8 bytes) came along: --out FOLDER writes it',
      '',
    ]);
  });

  it('ends with the exit code of what made a step fail, and says which step', async () => {
    const { code, stdout, stderr } = await mesh.run(['run', 'failing.yaml'], { cwd });
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(stderr).toMatch(/^✗ {2}second {2}text\.fail {3}failed$/m);
    expect(stderr).toMatch(
      /^error: The step second failed: The writer is tired\. \(RESOURCE_EXHAUSTED \/ STEP_FAILED \/ OVERLOADED\)\n {2}next: Try again in 1\.5 s\.$/m,
    );
  });

  it('shows the outputs of the steps before a failure as JSON', async () => {
    const { code, stdout } = await mesh.run(['run', 'failing.yaml', '-o', 'json'], { cwd });
    expect(code).toBe(8);
    expect(JSON.parse(stdout)).toMatchObject({
      outputs: { first: 'HELLO' },
      error: { code: 8, message: 'The step second failed: The writer is tired.' },
    });
  });

  it('cancels the step that runs at Ctrl-C, and ends with 130', async () => {
    await writeFile(join(cwd, 'waiting.yaml'), 'steps: [{ name: wait, capability: text.wait }]');
    const running = mesh.start(['run', 'waiting.yaml'], { cwd });
    await running.stderr.until(/waiting/);
    running.interrupt();
    expect(await running.ended).toBe(130);
    expect(running.stderr.lines.at(-1)).toMatch(/^✗ {2}wait/);
    if (!mesh.cancelled.aborted) {
      await new Promise((resolve) => mesh.cancelled.addEventListener('abort', resolve));
    }
  });

  it('ends with 5 when its time is up', async () => {
    await writeFile(join(cwd, 'waiting.yaml'), 'steps: [{ name: wait, capability: text.wait }]');
    expect(await mesh.run(['run', 'waiting.yaml', '--timeout', '300ms'], { cwd })).toMatchObject({ code: 5 });
  });
});

describe('a pipeline that cannot be run is refused with its mistakes:', () => {
  it.each([
    ['a file that is none', undefined, 3, /There is no file "bad\.yaml"/],
    [
      'mistakes of form, each with its place',
      'steps:\n  - name: input\n    capabilty: text.upper\n',
      6,
      /^error: The pipeline has 3 mistakes\. .*\n {2}bad\.yaml:2:5: the step needs a "capability".*\n {2}bad\.yaml:2:11: "input" cannot be.*\n {2}bad\.yaml:3:5: unknown key "capabilty" — did you mean "capability"\?\n$/,
    ],
    [
      'an expression that the orchestrator refuses',
      `steps: [{ name: a, capability: text.upper, payload: "\${steps.b.output}" }]`,
      6,
      /\(INVALID_ARGUMENT \/ INVALID_PIPELINE\)/,
    ],
  ])('%s', async (_what, text, code, says) => {
    await rm(join(cwd, 'bad.yaml'), { force: true });
    if (text !== undefined) await writeFile(join(cwd, 'bad.yaml'), text);
    const ended = await mesh.run(['run', 'bad.yaml'], { cwd });
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(says);
  });

  it('input that is no JSON', async () => {
    const { code, stderr } = await mesh.run(['run', 'loud.yaml', '--input', '{text: hi}'], { cwd });
    expect(code).toBe(6);
    expect(stderr).toMatch(/^error: --input is no JSON: .* at line 1, column 2\./);
  });
});
