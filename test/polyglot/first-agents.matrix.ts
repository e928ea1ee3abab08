import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { describeBuilt } from './built.ts';
import { type Command, LANGUAGES, type LanguageName } from './language.ts';
import { commandIn } from './member.ts';
import { Mesh } from './mesh.ts';

/** The shortest agent that there is in a language, with and without its helper. */
interface FirstAgent {
  name: string;
  language: LanguageName;
  source: string;
  command: Command;
  /** How many lines it may have, without blank ones and comments. */
  maxLines: number;
}

const FIRST_AGENTS: readonly FirstAgent[] = [
  {
    name: 'Python, from the proto alone',
    language: 'python',
    source: 'first_agent.py',
    command: ['.venv/bin/python', 'first_agent.py'],
    maxLines: 40,
  },
  {
    name: 'Python, with the helper',
    language: 'python',
    source: 'first_agent_with_helper.py',
    command: ['.venv/bin/python', 'first_agent_with_helper.py'],
    maxLines: 12,
  },
  {
    name: 'Go, from the proto alone',
    language: 'go',
    source: 'cmd/first_agent/main.go',
    command: ['bin/first_agent'],
    maxLines: 60,
  },
  {
    name: 'Go, with the helper',
    language: 'go',
    source: 'cmd/first_agent_with_helper/main.go',
    command: ['bin/first_agent_with_helper'],
    maxLines: 20,
  },
];

/** How many lines the first agent in TypeScript may have; it stands in the README. */
const MAX_TYPESCRIPT_LINES = 10;

describe('first agents', () => {
  describe('TypeScript', () => {
    it('is short', async ({ task }) => {
      const readme = await readFile(resolve(import.meta.dirname, '../../README.md'), 'utf8');
      const [, source = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
      const lines = codeLines(source);
      task.meta.told = told('TypeScript', lines, MAX_TYPESCRIPT_LINES);
      expect(source).toContain('troupe/agent');
      expect(lines).toBeLessThanOrEqual(MAX_TYPESCRIPT_LINES);
    });
  });
  for (const first of FIRST_AGENTS) {
    describeBuilt(first.language, first.name, () => isAnAgent(first));
  }
});

function isAnAgent({ name, language, source, command, maxLines }: FirstAgent) {
  const { folder } = LANGUAGES[language];
  let mesh: Mesh;
  beforeAll(async () => {
    mesh = await Mesh.create();
    await mesh.up();
    mesh.start(commandIn(language, command));
  });
  afterAll(() => mesh?.close());

  it('is short', async ({ task }) => {
    const lines = codeLines(await readFile(resolve(folder, source), 'utf8'));
    task.meta.told = told(name, lines, maxLines);
    expect(lines).toBeLessThanOrEqual(maxLines);
  });

  if (name.endsWith('with the helper')) {
    it('stands in the README', async () => {
      const [code = ''] =
        /^(package|from|import) .*/ms.exec(await readFile(resolve(folder, source), 'utf8')) ?? [];
      expect(await readFile(resolve(folder, 'README.md'), 'utf8')).toContain(code);
    });
  }

  it('joins, and does its task', async () => {
    await mesh.seen('greeter', (agent) => agent !== undefined);
    const { payload } = await mesh.troupe.dispatch('text.greet', { name: 'Ada' });
    expect(payload).toEqual({ greeting: 'Hello, Ada!' });
  });

  it('answers a heartbeat', async () => {
    const { orchestrator } = await mesh.troupe.reach();
    expect((await orchestrator.checkHealth({})).agents).toEqual({ greeter: AgentStatus.IDLE });
  });

  it('comes back after the orchestrator was restarted', async () => {
    await mesh.restart();
    await mesh.seen('greeter', (agent) => agent !== undefined);
  });
}

/** How many lines of a source are neither blank nor a comment (`//`, `#`, a docstring of one line). */
function codeLines(source: string): number {
  return source.split('\n').filter((line) => !/^\s*(\/\/.*|#.*|""".*""")?$/.test(line)).length;
}

function told(name: string, lines: number, most: number): string {
  return `first agent in ${name}: ${lines} lines (at most ${most})`;
}
