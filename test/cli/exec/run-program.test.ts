import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProgramRun, runProgram } from '../../../services/cli/exec/run-program.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import type { JsonValue } from '../../../services/protocol/value.ts';
import { Code } from '../../../services/rpc/code.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'troupe-exec-'));
});
afterAll(() => rm(cwd, { recursive: true }));

/** Runs a program, and hears what it says meanwhile. */
async function run(command: string, input: JsonValue = null, options: Partial<ProgramRun> = {}) {
  const said: JsonValue[] = [];
  const { signal } = new AbortController();
  const onLine = (line: JsonValue) => void said.push(line);
  const kill: ProgramRun['kill'] = (pid, signal) => void process.kill(pid, signal);
  const output = runProgram({ command, input, cwd, env: process.env, kill, signal, onLine, ...options });
  return { output: await output, said };
}

async function failureOf(command: string, options?: Partial<ProgramRun>): Promise<RpcError> {
  const thrown = await run(command, null, options).then(
    ({ output }) => expect.fail(`It answered ${JSON.stringify(output)}.`),
    (error) => error,
  );
  expect(thrown).toBeInstanceOf(RpcError);
  return thrown;
}

/** A shell's line for what node does with `script`, in which `'` does not stand. */
function node(script: string): string {
  return `node -e '${script}'`;
}

describe('a program', () => {
  it.each<[string, string, JsonValue]>([
    ['of the shell', 'cat', { text: 'ünïcödé', list: [1, null, true] }],
    ['of a pipe', 'cat | cat', ['a']],
    ['in another language', node('process.stdin.pipe(process.stdout)'), 'text'],
  ])('%s takes JSON and answers JSON', async (_, command, input) => {
    expect((await run(command, input)).output).toEqual(input);
  });

  it('need not read what it is given, however much that is', async () => {
    expect((await run('echo 1', 'x'.repeat(1_000_000))).output).toBe(1);
  });

  it('may take and answer much', async () => {
    const input = 'x'.repeat(3_000_000);
    expect((await run('cat', input)).output).toBe(input);
  });

  it('tells news on its standard error, line by line, as JSON where it is JSON', async () => {
    const { said } = await run(`printf '{"done":0.5}\\n\\nhalf way {\\r\\n42\\nlast' >&2; echo null`);
    expect(said).toEqual([{ done: 0.5 }, 'half way {', 42, 'last']);
  });

  it('is heard while it runs', async () => {
    const { output, said } = await run(
      `echo ready >&2; while [ ! -s go ]; do sleep 0.01; done; cat go`,
      null,
      {
        onLine: () => void writeFile(join(cwd, 'go'), '"went"'),
      },
    );
    expect({ output, said }).toEqual({ output: 'went', said: [] });
  });

  it('runs in the folder and the environment that it is given', async () => {
    await writeFile(join(cwd, 'here'), '');
    const env = { PATH: process.env.PATH, WORD: 'hello' };
    expect((await run('test -e here && echo "\\"$WORD\\""', null, { env })).output).toBe('hello');
  });
});

describe('a program that fails', () => {
  it.each([
    ['exits with a code', 'echo first >&2; echo last >&2; exit 3', /exited with code 3: last$/],
    ['exits with a code and no word', 'exit 4', /"exit 4" exited with code 4\.$/],
    ['is not there', 'no-such-program', /exited with code 127: .*not found/],
    ['is ended by a signal', 'kill -SEGV $$', /was ended by SIGSEGV/],
    ['writes no JSON', 'echo "{word: 1}"', /wrote what is no JSON: .* at line 1, column 2:\n\{word/],
    ['writes two documents', 'echo 1; echo 2', /wrote what is no JSON: .* at line 2, column 1/],
    ['writes nothing', 'true', /"true" wrote nothing: its standard output has to be JSON/],
  ])('as it %s says so', async (_, command, text) => {
    const error = await failureOf(command);
    expect(error).toMatchObject({ code: Code.UNKNOWN, message: expect.stringMatching(text) });
    expect(reasonOf(error)).toBe('HANDLER_FAILED');
  });

  it('as its folder is gone says so', async () => {
    expect((await failureOf('true', { cwd: '/nowhere' })).message).toContain('could not be run');
  });

  it('as it writes without end is ended, and its output is not kept', async () => {
    const error = await failureOf('yes');
    expect(error.code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(reasonOf(error)).toBe('MESSAGE_TOO_LARGE');
  });
});

describe('a program that is told to end', () => {
  const reason = new RpcError(Code.CANCELLED, 'Enough.');

  /** Runs a program, and tells it to end at its first word. */
  function endAtFirstWord(command: string, graceMs = 10_000) {
    const controller = new AbortController();
    const onLine = () => controller.abort(reason);
    return failureOf(command, { signal: controller.signal, onLine, graceMs });
  }

  it('is not begun where it is too late', async () => {
    expect(await failureOf('touch begun', { signal: AbortSignal.abort(reason) })).toBe(reason);
    await expect(readFile(join(cwd, 'begun'))).rejects.toThrow('ENOENT');
  });

  it('may clean up first', async () => {
    const script = `trap 'sleep 0.7; echo > cleaned; exit 0' TERM; echo ready >&2; while :; do sleep 0.01; done`;
    await writeFile(join(cwd, 'tidy.sh'), script);
    expect(await endAtFirstWord('sh tidy.sh; true')).toBe(reason);
    expect(await readFile(join(cwd, 'cleaned'), 'utf8')).toBe('\n');
  });

  it('is killed where it does not heed that, with all that it started', async () => {
    await writeFile(join(cwd, 'deaf.sh'), `trap '' TERM; echo $$ > "$1"; while :; do sleep 0.01; done`);
    const command = `trap '' TERM; sh deaf.sh child & sh deaf.sh grandchild & while [ ! -s child ] || [ ! -s grandchild ]; do sleep 0.01; done; echo ready >&2; wait`;
    expect(await endAtFirstWord(command, 50)).toBe(reason);
    for (const file of ['child', 'grandchild']) {
      const pid = Number(await readFile(join(cwd, file), 'utf8'));
      await gone(pid);
    }
  });

  it('leaves nothing running when it ends by itself, and is not waited for by its output', async () => {
    const { output } = await run('sleep 300 & echo $!');
    await gone(output as number);
  });
});

/** Settles when a process is no more, or a zombie that its new parent has not buried yet. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined || / [ZX] /.test(stat)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
