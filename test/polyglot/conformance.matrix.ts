import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ChildCommand } from '../../services/cli/mesh/child.ts';
import { type Outcome, verify } from '../../services/verify/index.ts';
import { describeBuilt } from './built.ts';
import { conformanceReport } from './conformance-report.ts';
import { LANGUAGES } from './language.ts';
import { commandIn, MEMBERS } from './member.ts';
import { Mesh } from './mesh.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** How long the kit may take with one member, in milliseconds. */
const TIMEOUT_MS = 120_000;

/** An agent of ours, for comparison. */
const TYPESCRIPT: ChildCommand = {
  command: [process.execPath, 'services/crew/analyst/main.ts'],
  cwd: ROOT,
  env: { ...process.env, TROUPE_CONFORMANCE: '1' },
};

describe('conformance', () => {
  const found = new Map<string, Outcome[]>();
  afterAll(async () => {
    // A report is only kept where nobody is missing from it.
    if (found.size === MEMBERS.length + 1) {
      await writeFile(resolve(ROOT, 'docs/conformance.md'), conformanceReport(found));
    }
  });

  describe('TypeScript', () => keepsTheContract('TypeScript', TYPESCRIPT, found));
  for (const { language, command } of MEMBERS) {
    const probed = commandIn(language, command, { TROUPE_CONFORMANCE: '1' });
    const { label } = LANGUAGES[language];
    describeBuilt(language, label, () => keepsTheContract(label, probed, found));
  }
});

function keepsTheContract(name: string, command: ChildCommand, found: Map<string, Outcome[]>) {
  it(
    'passes every check of troupe verify that applies',
    async ({ task, onTestFinished }) => {
      const mesh = await Mesh.create();
      onTestFinished(() => mesh.close());
      const { child, address } = mesh.start(command);
      const process = { terminate: () => void child.stop(15_000), exited: child.exited };
      const outcomes = await Array.fromAsync(verify({ address: await address, process }));
      const passed = outcomes.filter(({ verdict }) => verdict === 'pass');
      task.meta.told = `troupe verify of ${name}: ${passed.length} of ${outcomes.length} checks apply and pass`;
      expect(outcomes.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
      found.set(name, outcomes);
    },
    TIMEOUT_MS,
  );
}
