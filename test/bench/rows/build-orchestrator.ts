import { execFile } from 'node:child_process';
import { cpSync, existsSync, globSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './bench.ts';

const run = promisify(execFile);

const ROOT = resolve(import.meta.dirname, '../../..');
const MAIN = 'services/orchestrator/main.js';
/** Where the JavaScript goes that is built in a hurry. */
const HASTY = join(ROOT, '.tools/bench-built');

/**
 * Where the orchestrator is as JavaScript: in dist/, built where it is not of today's source. In a quick run without
 * that, the same JavaScript is made in .tools/ by the same compiler, which then does not check types.
 */
export async function builtOrchestrator({ quick, tell }: Pick<Bench, 'quick' | 'tell'>): Promise<string> {
  const published = join(ROOT, 'dist', MAIN);
  if (isCurrent(published)) return published;
  tell('building the orchestrator');
  if (!quick) {
    await run('npm', ['run', '-s', 'build'], { cwd: ROOT });
    return published;
  }
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = ['--noCheck', '--declaration', 'false', '--outDir', join(HASTY, 'services')];
  await run(process.execPath, [tsc, '--project', 'tsconfig.build.json', ...options], { cwd: ROOT });
  cpSync(join(ROOT, 'gen'), join(HASTY, 'gen'), { recursive: true });
  return join(HASTY, MAIN);
}

/** Whether a built file is there, and younger than all that it was built of. */
function isCurrent(built: string): boolean {
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  const sources = globSync(['services/**/*.ts', 'gen/**/*.js', 'build.ts', 'tsconfig*.json'], { cwd: ROOT });
  return sources.every((file) => statSync(join(ROOT, file)).mtimeMs <= builtAt);
}
