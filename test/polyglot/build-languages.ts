import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ProvidedContext } from 'vitest';
import type { TestProject } from 'vitest/node';
import { TOOLS } from '../clients/tools.ts';
import { type Build, type Command, LANGUAGES, type Toolchain } from './language.ts';

const run = promisify(execFile);
/** How long one command of a build may take, in milliseconds: the first build downloads what it needs. */
const COMMAND_TIMEOUT_MS = 600_000;
/** How much of a failing command's output is told, in characters. */
const TOLD_CHARACTERS = 4000;

/** Builds every language and client whose toolchain is there, before the tests; tells them what became of each. */
export default async function buildLanguages(project: TestProject): Promise<void> {
  const required = new Set((process.env.TROUPE_REQUIRE ?? '').split(',').map((name) => name.trim()));
  const builds: Record<string, Build> = {};
  // One after the other: each uses all the cores that there are.
  for (const [name, toolchain] of Object.entries({ ...LANGUAGES, ...TOOLS })) {
    const startedAt = performance.now();
    const build = await made(toolchain, required.has(name));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const told = build.state === 'built' ? `built in ${seconds} s` : `${build.state}: ${build.why}`;
    process.stdout.write(`${name}: ${told}\n`);
    builds[name] = build;
  }
  project.provide('builds', builds as ProvidedContext['builds']);
}

async function made({ folder, needs, build }: Toolchain, required: boolean): Promise<Build> {
  for (const { name, check } of needs) {
    const error = await failure(check, folder);
    if (error === undefined) continue;
    if (!required) return { state: 'missing', why: `no ${name}` };
    return { state: 'failed', why: `no ${name}, and TROUPE_REQUIRE asks for it` };
  }
  for (const command of build) {
    const error = await failure(command, folder);
    if (error !== undefined) return { state: 'failed', why: error };
  }
  return { state: 'built' };
}

/** What a command that failed said; nothing where it did not fail. */
async function failure([program = '', ...args]: Command, cwd: string): Promise<string | undefined> {
  try {
    await run(program, args, { cwd, timeout: COMMAND_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
    return undefined;
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    return `${message}\n${stdout}${stderr}`.slice(0, TOLD_CHARACTERS);
  }
}
