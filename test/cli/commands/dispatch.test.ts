import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../command-line.ts';
import { type SmallMesh, startSmallMesh } from '../small-mesh.ts';

let mesh: SmallMesh;
let folder: string;
beforeAll(async () => {
  mesh = await startSmallMesh();
  folder = await mkdtemp(join(tmpdir(), 'troupe-'));
});
afterAll(async () => {
  await mesh.close();
  await rm(folder, { recursive: true });
});

describe('dispatch', () => {
  it('shows what the task answered, and nothing else', async () => {
    const ended = await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "hello"}']);
    expect(ended).toEqual({ code: 0, stdout: 'HELLO\n', stderr: '' });
  });

  it('shows the whole RESULT as one JSON document', async () => {
    const { code, stdout } = await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "hi"}', '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'MESSAGE_TYPE_RESULT',
      sender: 'writer',
      receiver: 'cli',
      payload: 'HI',
    });
  });

  it('takes its payload from standard input', async () => {
    const { stdout } = await mesh.run(['dispatch', 'text.upper', '-d', '@-'], { stdin: '{"text": "piped"}' });
    expect(stdout).toBe('PIPED\n');
  });

  it('takes its payload from a file, with a byte order mark or without', async () => {
    await writeFile(join(folder, 'payload.json'), '\ufeff{"text": "filed"}');
    const { stdout } = await mesh.run(['dispatch', 'text.upper', '-d', '@payload.json'], { cwd: folder });
    expect(stdout).toBe('FILED\n');
  });

  it('tells progress beside the data', async () => {
    const ended = await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "hello"}', '--stream']);
    expect(ended).toEqual({ code: 0, stdout: 'HELLO\n', stderr: '{"read":5}\nhalf way\n' });
  });

  it('tells progress as JSON, one message a line', async () => {
    const args = ['dispatch', 'text.upper', '-d', '{"text": "hello"}', '--stream', '-o', 'json'];
    const { stdout, stderr } = await mesh.run(args);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.slice(0, 2)).toEqual([
      { type: 'MESSAGE_TYPE_PROGRESS', sequence: 1, payload: { read: 5 } },
      { type: 'MESSAGE_TYPE_PROGRESS', sequence: 2, payload: 'half way' },
    ]);
    expect(lines[2]).toMatchObject({ type: 'MESSAGE_TYPE_RESULT', payload: 'HELLO' });
    expect(stderr).toBe('');
  });

  it('sends documents, and writes those that come back', async () => {
    await writeFile(join(folder, 'report.md'), '# Report');
    const args = ['dispatch', 'document.copy', '--attach', 'report.md', '--out', 'made/here'];
    const { stdout, stderr } = await mesh.run(args, { cwd: folder });
    expect(JSON.parse(stdout)).toEqual(['report.md: text/markdown']);
    expect(stderr).toBe('wrote made/here/copy of report.md (8 bytes)\n');
    expect(await readFile(join(folder, 'made/here/copy of report.md'), 'utf8')).toBe('# Report');
  });

  it('tells of documents that it is not told to write', async () => {
    await writeFile(join(folder, 'report.md'), '# Report');
    const { stderr } = await mesh.run(['dispatch', 'document.copy', '--attach', 'report.md'], {
      cwd: folder,
    });
    expect(stderr).toBe('copy of report.md (8 bytes) came along: --out FOLDER writes it\n');
  });

  it('holds the bytes of documents in its JSON', async () => {
    await writeFile(join(folder, 'report.md'), '# Report');
    const args = ['dispatch', 'document.copy', '--attach', 'report.md', '-o', 'json'];
    const { stdout, stderr } = await mesh.run(args, { cwd: folder });
    expect(JSON.parse(stdout).attachments).toEqual([
      {
        name: 'copy of report.md',
        mediaType: 'text/markdown',
        data: Buffer.from('# Report').toString('base64'),
      },
    ]);
    expect(stderr).toBe('');
  });

  it.each([
    ['../../outside.md', 'outside.md'],
    ['/etc/passwd', 'passwd'],
    ['..\\..\\windows.md', 'windows.md'],
    ['..', 'attachment'],
    ['a\u0000b\u001b.md', 'a_b_.md'],
  ])('writes a document that an agent called %j into its own folder', async (name, file) => {
    const out = await mkdtemp(join(folder, 'out-'));
    await writeFile(join(folder, 'report.md'), '# Report');
    const args = [
      'dispatch',
      'document.copy',
      '--attach',
      'report.md',
      '--out',
      out,
      '-d',
      JSON.stringify({ name }),
    ];
    expect(await mesh.run(args, { cwd: folder })).toMatchObject({ code: 0 });
    expect(await readdir(out)).toEqual([file]);
  });

  it('gives a file the control characters of a text that it keeps from a terminal', async () => {
    const { stdout } = await mesh.run(['dispatch', 'text.escape']);
    expect(stdout).toBe('\u001b]0;mine\u0007now\n');
    const shown = await mesh.run(['dispatch', 'text.escape'], { tty: true });
    expect(shown.stdout).toBe('\\x1b]0;mine\\x07now\n');
  });

  it('cancels its task at Ctrl-C, without a word, and ends with 130', async () => {
    const running = mesh.start(['dispatch', 'text.wait', '--stream']);
    await running.stderr.until(/waiting/);
    running.interrupt();
    expect(await running.ended).toBe(130);
    expect(running.stderr.text).toBe('waiting\n');
    expect(running.stdout.text).toBe('');
    await new Promise<void>((resolve) => {
      if (mesh.cancelled.aborted) resolve();
      else mesh.cancelled.addEventListener('abort', () => resolve());
    });
  });

  it('stops waiting for standard input at Ctrl-C', async () => {
    const running = mesh.start(['dispatch', 'text.upper', '-d', '@-'], { stdin: null });
    running.interrupt();
    expect(await running.ended).toBe(130);
  });
});

describe('a task that fails is told with its code, its reasons and what to do next:', () => {
  it.each([
    {
      args: ['text.upper', '-d', '{"text": 5, "times": 0}'],
      code: 6,
      says: [
        /^error: .*payload\.text must be string.* \(INVALID_ARGUMENT \/ INVALID_PAYLOAD\)$/m,
        /^ {2}payload\.times: must be >= 1$/m,
        /^ {2}next: "troupe describe writer" shows what it takes\.$/m,
      ],
    },
    {
      args: ['text.uper'],
      code: 3,
      says: [/\(NOT_FOUND \/ CAPABILITY_NOT_FOUND\)/, /next: "troupe agents" lists/],
    },
    {
      args: ['text.fail'],
      code: 8,
      says: [
        /^error: The writer is tired\. \(RESOURCE_EXHAUSTED \/ OVERLOADED\)$/m,
        /^ {2}next: Try again in 1\.5 s\.$/m,
      ],
    },
    {
      args: ['text.wait', '--timeout', '300ms'],
      code: 5,
      says: [/\(DEADLINE_EXCEEDED \/ TASK_TIMED_OUT\)/, /next: Give it more time: --timeout 2m\./],
    },
    {
      args: ['text.upper', '-d', '{'],
      code: 6,
      says: [/--data is no JSON: .* line 1, column 2/, /In a shell, quote it/],
    },
    { args: ['text.upper', '-d', '1e999'], code: 6, says: [/payload is Infinity/] },
    { args: ['text.upper', '-d', '@none.json'], code: 3, says: [/There is no file "none\.json"/] },
    { args: ['text.upper', '-d', '@'], code: 6, says: [/cannot be read: it is a folder/] },
    { args: ['text.upper', '--attach', 'none.md'], code: 3, says: [/There is no file "none\.md"/] },
  ])('$args', async ({ args, code, says }) => {
    const ended = await mesh.run(['dispatch', ...args]);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe('');
    for (const text of says) expect(ended.stderr).toMatch(text);
  });

  it('nobody at the address', async () => {
    const { code, stderr } = await run(['dispatch', 'text.upper', '-O', '127.0.0.1:1']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^error: Nobody answers at 127\.0\.0\.1:1\./);
    expect(stderr).toMatch(/next: "troupe up" starts a mesh here/);
  });
});

describe('send', () => {
  it('asks one agent', async () => {
    const args = ['send', 'writer', '--capability', 'text.upper', '-d', '{"text": "you"}'];
    expect(await mesh.run(args)).toEqual({ code: 0, stdout: 'YOU\n', stderr: '' });
  });

  it('ends with 3 where there is no such agent', async () => {
    const { code, stderr } = await mesh.run(['send', 'painter', '-d', '{}']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/\(NOT_FOUND \/ AGENT_NOT_FOUND\)/);
  });
});
