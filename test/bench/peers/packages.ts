import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const BENCH = resolve(import.meta.dirname, '..');
/** How long installing may take, in milliseconds. */
const INSTALL_WITHIN_MS = 300_000;

/**
 * Whether the packages of the peers, those of test/bench/package.json, are there. Where they are not they are
 * installed, if they may be.
 */
export async function hasPackages({ install }: { install: boolean }): Promise<boolean> {
  const there = () => existsSync(join(BENCH, 'node_modules/moleculer'));
  if (there() || !install) return there();
  try {
    await run('npm', ['ci', '--prefix', BENCH, '--no-audit', '--no-fund'], { timeout: INSTALL_WITHIN_MS });
  } catch {
    return false;
  }
  return there();
}
