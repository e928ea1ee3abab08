import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where the repository keeps tools that were built for it. */
const BIN = resolve(import.meta.dirname, '../../../../.tools/bin');
/** What is built where there is none. */
const MODULE = 'github.com/nats-io/nats-server/v2@v2.12.1';
/** How long building may take, in milliseconds. */
const BUILD_WITHIN_MS = 600_000;

/** How a nats-server is looked for. */
export interface FindOptions {
  /** The PATH of the environment. */
  path: string;
  /** Whether one is built with Go where there is none. */
  build: boolean;
}

/** Where a nats-server is: in .tools/bin or on the PATH, else built with Go. Nothing where there is none. */
export async function findNatsServer({ path, build }: FindOptions): Promise<string | undefined> {
  const there = look([BIN, ...path.split(delimiter)]);
  if (there || !build) return there;
  try {
    await run('go', ['install', MODULE], { env: { ...process.env, GOBIN: BIN }, timeout: BUILD_WITHIN_MS });
  } catch {
    return undefined;
  }
  return look([BIN]);
}

function look(folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, 'nats-server')).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
