import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveAgent } from '../../services/agent/index.ts';
import { describeBuilt } from './built.ts';
import { type Command, LANGUAGES, type LanguageName } from './language.ts';
import { commandIn } from './member.ts';
import { Mesh } from './mesh.ts';

/** Clients made by each language's own generator, and how each is run. */
const CLIENTS: readonly { language: LanguageName; command: Command }[] = [
  { language: 'python', command: ['.venv/bin/python', 'client.py'] },
  { language: 'go', command: ['bin/client'] },
];

describe('clients', () => {
  for (const { language, command } of CLIENTS) {
    describeBuilt(language, LANGUAGES[language].label, () => drivesTheMesh(language, command));
  }
});

function drivesTheMesh(language: LanguageName, command: Command) {
  let mesh: Mesh;
  let agent: Awaited<ReturnType<typeof serveAgent>>;
  /** What the client wrote: each line is a thing that it did. */
  let did: Record<string, unknown>[];

  beforeAll(async () => {
    mesh = await Mesh.create();
    agent = await serveAgent(
      {
        id: 'counter',
        capabilities: {
          'numbers.count': {
            handle: async (input, task) => {
              const { to } = input as { to: number };
              for (let n = 1; n <= to; n++) task.progress({ n });
              return { counted: to };
            },
          },
        },
      },
      { orchestrators: [mesh.address] },
    );
    await mesh.up();
    await mesh.seen('counter', (seen) => seen !== undefined);
    const run = [...command, mesh.address, 'numbers.count', '{"to": 2}'];
    const { child, said } = mesh.start(commandIn(language, run));
    const ended = await child.exited;
    if (ended !== 'exited with code 0') throw new Error(`The client ${ended}:\n${said.join('\n')}`);
    did = said.map((line) => JSON.parse(line));
  });
  afterAll(async () => {
    await agent?.close();
    await mesh?.close();
  });

  /** What it did under a name, without the name. */
  const deeds = (step: string) =>
    did.filter((deed) => deed.step === step).map(({ step: _, ...deed }) => deed);

  it('dispatches a task', () => {
    expect(deeds('dispatch')).toEqual([{ result: { counted: 2 }, agent: 'counter' }]);
  });

  it('streams a task’s progress, the result last', () => {
    expect(deeds('stream')).toEqual([
      { type: 'PROGRESS', payload: { n: 1 } },
      { type: 'PROGRESS', payload: { n: 2 } },
      { type: 'RESULT', payload: { counted: 2 } },
    ]);
  });

  it('reads the code and the reason of a failure', () => {
    const [{ code, reason } = {}] = deeds('error');
    expect([String(code).replaceAll('_', '').toUpperCase(), reason]).toEqual([
      'NOTFOUND',
      'CAPABILITY_NOT_FOUND',
    ]);
  });

  it('watches the roster', () => {
    expect(deeds('roster')).toEqual([{ agents: ['counter'] }]);
  });

  it('writes, reads and watches the shared state', () => {
    expect(deeds('state')).toEqual([{ value: 1, watched: 'SET', key: `clients/${language}` }]);
  });

  it('is refused a write at the wrong revision', () => {
    const [{ code, reason } = {}] = deeds('conflict');
    expect([String(code).toUpperCase(), reason]).toEqual(['ABORTED', 'REVISION_CONFLICT']);
  });
}
