import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toJson } from '../report/to-json.ts';
import { madeReport } from './report/made-report.ts';

/** Runs the suite as a process; `p99Ms`: takes a report that was made in place of running. */
async function chaos(args: readonly string[], p99Ms?: number) {
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'report.json');
  if (p99Ms !== undefined) await writeFile(file, toJson(madeReport(p99Ms)));
  const from = p99Ms === undefined ? [] : ['--from', file];
  const main = resolve(import.meta.dirname, 'main.ts');
  return new Promise<{ code: number; stdout: string; stderr: string }>((settle) => {
    const child = execFile(process.execPath, [main, ...args, ...from], (_, stdout, stderr) =>
      settle({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe('npm run chaos', () => {
  it('prints one JSON object and nothing else with --json', async () => {
    const { code, stdout } = await chaos(['--json'], 40);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(toJson(madeReport(40))));
  });

  it('ends with 1 under --assert where a row misses, and names it with what was seen', async () => {
    const { code, stderr } = await chaos(['--assert'], 60);
    expect(code).toBe(1);
    expect(stderr).toContain('freeze missed (SIGSTOP 10 s). It must: p99 ≤ 50 ms.');
  });

  it('ends well under --assert where every row holds what it must', async () => {
    expect(await chaos(['--assert'], 50)).toMatchObject({ code: 0, stderr: '' });
  });

  it('only reports a row that misses where nothing is asserted', async () => {
    expect(await chaos([], 60)).toMatchObject({ code: 0, stdout: expect.stringContaining('MISSED') });
  });

  it('tells how it is called, and its rows', async () => {
    const { code, stdout } = await chaos(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/--quick .*under 50 s/);
    expect(stdout).toContain('Rows: kill, freeze, ');
  });

  it.each([
    [['--only', 'killl'], 'There is no row killl. Those that there are: kill'],
    [['--fast'], "Unknown option '--fast'"],
    [['--from', 'nowhere.json'], 'no such file'],
  ])('refuses %j, and says why', async (args, why) => {
    const { code, stdout, stderr } = await chaos(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(why);
  });
});
