import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toJson } from '../report/to-json.ts';
import { madeReport } from './report/made-report.ts';

/** Runs the benchmark as a process; `speed`: takes a report that was made in place of measuring. */
async function bench(args: readonly string[], speed?: number) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'report.json');
  if (speed !== undefined) await writeFile(file, toJson(madeReport(speed)));
  const from = speed === undefined ? [] : ['--from', file];
  const main = resolve(import.meta.dirname, 'main.ts');
  return new Promise<{ code: number; stdout: string; stderr: string }>((settle) => {
    const child = execFile(process.execPath, [main, ...args, ...from], (_, stdout, stderr) =>
      settle({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe('npm run bench', () => {
  it('prints one JSON object and nothing else with --json', async () => {
    const { code, stdout } = await bench(['--json'], 6000);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(toJson(madeReport(6000))));
  });

  it('ends with 1 under --assert where a row misses, and names it with its figure', async () => {
    const { code, stderr } = await bench(['--assert'], 4000);
    expect(code).toBe(1);
    expect(stderr).toContain('link-64 missed: 4 × direct, and ≥ 5 × is a must');
  });

  it('ends well under --assert where every row reaches what it must', async () => {
    expect(await bench(['--assert'], 5000)).toMatchObject({ code: 0, stderr: '' });
  });

  it('only reports a row that misses where nothing is asserted', async () => {
    expect(await bench([], 4000)).toMatchObject({ code: 0, stdout: expect.stringContaining('missed') });
  });

  it.each([
    [['--only', 'link-46'], 'There is no row link-46. Those that there are: link-64'],
    [['--fast'], "Unknown option '--fast'"],
    [['--from', 'nowhere.json'], 'no such file'],
  ])('refuses %j, and says why', async (args, why) => {
    const { code, stdout, stderr } = await bench(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(why);
  });
});
