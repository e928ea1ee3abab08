import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { logLine } from '../../../services/cli/mesh/log-line.ts';
import { Printer } from '../../../services/cli/print/printer.ts';

const printer = new Printer(new PassThrough(), {});
const TIME = '2026-01-02T03:04:05.678Z';

describe('a line that a process wrote', () => {
  it('is shown as time, level, text and fields where it is a log, without what its label says', () => {
    const log = {
      level: 'warn',
      time: TIME,
      agent: 'reader',
      msg: 'slow',
      ms: 12.5,
      of: 'it',
      error: { code: 1 },
    };
    expect(logLine(JSON.stringify(log), 'reader-2', printer)).toMatch(
      /^\d\d:\d\d:05\.678 warn {2}slow ms=12\.5 of=it error=\{"code":1\}$/,
    );
    expect(logLine(JSON.stringify(log), 'orchestrator', printer)).toContain('agent=reader');
  });

  it.each(['plain', '{"level":"info"}', '{"level":', '{"level":1,"time":2,"msg":3}', ''])(
    'is shown as it is: %j',
    (line) => {
      expect(logLine(line, 'reader', printer)).toBe(line);
    },
  );

  it('cannot move the cursor', () => {
    expect(logLine('a\u001b[2Jb', 'reader', printer)).toBe('a\\x1b[2Jb');
  });
});
