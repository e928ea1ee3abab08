import { describe, expect, it } from 'vitest';
import { readMeshFile } from '../../../services/cli/mesh/mesh-file.ts';

const read = (text: string) =>
  readMeshFile(text, { file: 'mesh.yaml', folder: '/project', node: '/usr/bin/node' });

const agent = (...lines: string[]) =>
  ['agents:', '  reader:', ...lines.map((line) => `    ${line}`)].join('\n');

describe('a mesh file', () => {
  it('is read whole', () => {
    const { value } = read(`
orchestrator:
  listen: 0.0.0.0:0
  logPayloads: true
  static: [10.0.0.1:50061, "[::1]:50061"]
  dns: [crew.local:50061]
  env: { TROUPE_LOG_LEVEL: debug }
agents:
  reader:
    command: [python3, reader.py, --port, 0]
    instances: 2
    env: { LANGUAGE: de, RETRIES: 3, STRICT: true }
    cwd: python
  editor: { module: services/crew/editor/main.ts }
`);
    expect(value).toEqual({
      orchestrator: {
        listen: '0.0.0.0:0',
        logPayloads: true,
        static: ['10.0.0.1:50061', '[::1]:50061'],
        dns: ['crew.local:50061'],
        env: { TROUPE_LOG_LEVEL: 'debug' },
      },
      agents: [
        {
          name: 'reader',
          command: ['python3', 'reader.py', '--port', '0'],
          instances: 2,
          env: { LANGUAGE: 'de', RETRIES: '3', STRICT: 'true' },
          cwd: '/project/python',
        },
        {
          name: 'editor',
          command: ['/usr/bin/node', 'services/crew/editor/main.ts'],
          instances: 1,
          env: {},
          cwd: '/project',
        },
      ],
    });
  });

  it('needs nothing but its agents: the rest has defaults', () => {
    expect(read(agent('module: main.ts')).value?.orchestrator).toEqual({
      listen: '127.0.0.1:50051',
      logPayloads: false,
      static: [],
      dns: [],
      env: {},
    });
  });

  it('takes a key without a value for one that is left out', () => {
    const { value } = read('orchestrator:\nagents:\n');
    expect(value?.agents).toEqual([]);
    expect(value?.orchestrator.listen).toBe('127.0.0.1:50051');
  });

  it('may say things once and refer to them with an alias', () => {
    const { value } = read(`
agents:
  a: { module: a.ts, env: &shared { LANGUAGE: de } }
  b: { module: b.ts, env: *shared }
`);
    expect(value?.agents[1]?.env).toEqual({ LANGUAGE: 'de' });
  });
});

describe('a mistake in a mesh file is told with its place:', () => {
  it.each([
    ['an empty file', '', ['1:1: the file must be a mapping, not empty']],
    ['a file of comments', '# nothing yet\n', ['1:1: the file must be a mapping, not empty']],
    ['a list for a file', '- reader\n', ['1:1: the file must be a mapping, not a list']],
    [
      'a second document',
      'agents: {}\n---\nagents: {}',
      ['2:1: a second document begins here: put it into a file of its own'],
    ],
    [
      'what is no YAML',
      'agents: [1',
      ['1:11: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    [
      'a key that is nearly right',
      agent('module: main.ts', 'instnaces: 2'),
      ['4:5: unknown key "instnaces" — did you mean "instances"?'],
    ],
    [
      'a key that is like none',
      'agents: {}\nversion: 1',
      ['2:1: unknown key "version" — known are "orchestrator", "agents"'],
    ],
    [
      'an agent that stands twice',
      'agents:\n  a: { module: a.ts }\n  a: { module: b.ts }',
      ['3:3: this key stands twice in the mapping: each may stand once'],
    ],
    ['an agent that is empty', 'agents:\n  reader:\n', ['2:10: "reader" must be a mapping, not empty']],
    [
      'an agent without a program',
      agent('instances: 2'),
      [
        '3:5: the agent "reader" needs a "command" ([program, argument, …]) or a "module" (path of a main.ts)',
      ],
    ],
    [
      'an agent with two programs',
      agent('command: [node]', 'module: main.ts'),
      ['4:13: "command" is there too: keep one of the two'],
    ],
    [
      'a command that is text',
      agent('command: node main.ts'),
      ['3:14: "command" must be a list, not the text "node main.ts"'],
    ],
    ['a command of no words', agent('command: []'), ['3:14: "command" must have 1 to 256 items, not 0']],
    [
      'a word that is a mapping',
      agent('command: [node, { a: 1 }]'),
      ['3:21: item 2 must be text, not a mapping'],
    ],
    [
      'a number that is text',
      agent('module: a.ts', 'instances: two'),
      ['4:16: "instances" must be a whole number from 1 to 64, not the text "two"'],
    ],
    [
      'a number that is too small',
      agent('module: a.ts', 'instances: 0'),
      ['4:16: "instances" must be a whole number from 1 to 64, not 0'],
    ],
    [
      'a number with a fraction',
      agent('module: a.ts', 'instances: 1.5'),
      ['4:16: "instances" must be a whole number from 1 to 64, not 1.5'],
    ],
    [
      'a flag that is text',
      'orchestrator: { logPayloads: "yes" }',
      ['1:30: "logPayloads" must be true or false, not the text "yes"'],
    ],
    [
      'an address without a port',
      'orchestrator: { listen: localhost }',
      ['1:25: "localhost" is no address: write host:port, with an IPv6 host in brackets'],
    ],
    [
      'a port that is none',
      'orchestrator: { dns: ["a:70000"] }',
      ['1:23: "a:70000" has a port that is not 1 to 65535'],
    ],
    [
      'an address that stands twice',
      'orchestrator:\n  static: [a:1, a:1]',
      ['2:17: "a:1" stands twice in the list'],
    ],
    [
      'a name with a space',
      'agents: { the reader: { module: a.ts } }',
      ['1:11: "the reader" cannot be an agent\'s name: 1 to 128 characters of a-z A-Z 0-9 . _ -'],
    ],
    [
      'a variable that is none',
      agent('module: a.ts', 'env: { 1ST: x }'),
      ['4:12: "1ST" cannot be a variable\'s name: letters, digits and _, not beginning with a digit'],
    ],
    [
      'a variable without a value',
      agent('module: a.ts', 'env: { HOME: }'),
      ['4:18: "HOME" must be text, not empty'],
    ],
    ['an alias of nothing', agent('module: *main'), ['3:13: no anchor "&main" stands before this alias']],
    ['a tag', agent('module: !env MODULE'), ['3:13: Unresolved tag: !env']],
  ])('%s', (_, text, mistakes) => {
    expect(read(text)).toEqual({ mistakes: mistakes.map((mistake) => `mesh.yaml:${mistake}`) });
  });

  it('every one of several, in the order of the file', () => {
    const { mistakes } = read(agent('module: 5', 'instances: many', 'cdw: .', 'env: []'));
    expect(mistakes?.map((mistake) => mistake.split(': ')[0])).toEqual([
      'mesh.yaml:4:16',
      'mesh.yaml:5:5',
      'mesh.yaml:6:10',
    ]);
  });

  it('a file that is too long, without reading it', () => {
    const { mistakes } = read(`# ${'x'.repeat(1024 * 1024)}`);
    expect(mistakes).toEqual(['mesh.yaml:1:1: the file is over 1048576 characters long']);
  });
});
