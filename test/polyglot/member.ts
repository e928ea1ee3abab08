import type { JsonValue } from '../../services/protocol/value.ts';
import { type Command, LANGUAGES, type LanguageName } from './language.ts';

/** A member in another language, and what can be asked of it. */
export interface Member {
  language: LanguageName;
  /** The id of its agent. */
  agent: string;
  /** What runs it, in its language's folder. */
  command: Command;
  /** Whether it announces itself and serves Link; one that does not stands in the orchestrator's configuration. */
  announces: boolean;
  /** A task of its own, and its result. */
  sample: { capability: string; payload: JsonValue; result: JsonValue };
  /** What breaks the schema of that task. */
  bad: JsonValue;
  /** What it answers to the broadcast `{"ask": "who"}`; nothing where it only acknowledges. */
  reply?: JsonValue;
}

/** The members that are held against the contract. */
export const MEMBERS: readonly Member[] = [
  {
    language: 'python',
    agent: 'statistician',
    command: ['.venv/bin/python', 'statistician.py'],
    announces: true,
    sample: {
      capability: 'numbers.describe',
      payload: { numbers: [2, 4, 4, 4, 5, 5, 7, 9] },
      result: {
        count: 8,
        mean: 5,
        median: 4.5,
        stdev: 2.138089935299395,
        quartiles: [4, 4.5, 6.5],
        range: [2, 9],
      },
    },
    bad: { numbers: ['one', 'two'] },
    reply: { python: 'who' },
  },
  {
    language: 'go',
    agent: 'go-tools',
    command: ['bin/gotools'],
    announces: true,
    sample: {
      capability: 'go.format',
      payload: { source: 'package a\nfunc  F( ) { }\n' },
      result: { source: 'package a\n\nfunc F() {}\n' },
    },
    bad: { source: 1 },
    reply: { go: 'who' },
  },
  {
    language: 'java',
    agent: 'timekeeper',
    command: [
      'java',
      // Starts quicker, for a process that lives for a minute.
      '-XX:TieredStopAtLevel=1',
      '-cp',
      'target/classes:target/lib/*',
      'dev.troupe.example.TimeAgent',
    ],
    announces: false,
    sample: {
      capability: 'time.convert',
      payload: { instant: '2026-03-29T01:00:00Z', zone: 'Europe/Paris' },
      result: { local: '2026-03-29T03:00', offset: '+02:00', day: 'sunday' },
    },
    bad: { instant: '2026-03-29T01:00:00Z' },
  },
];

/** What runs a program of a language, in its folder and with its stubs. */
export function commandIn(language: LanguageName, command: Command, env: Record<string, string> = {}) {
  return {
    command,
    cwd: LANGUAGES[language].folder,
    env: { ...process.env, PYTHONPATH: 'gen', PYTHONUNBUFFERED: '1', ...env },
  };
}
