import { describe, expect, it } from 'vitest';
import { EXIT_CODE_MEANINGS } from '../../services/cli/exit-code.ts';
import { run } from './command-line.ts';

describe('the help', () => {
  it('names every command, and every exit code', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of [
      'up',
      'agents',
      'describe',
      'health',
      'tail',
      'dispatch',
      'send',
      'explain',
      'broadcast',
      'run',
      'state',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    }
    for (const [exitCode, meaning] of Object.entries(EXIT_CODE_MEANINGS)) {
      expect(stdout).toMatch(new RegExp(`^ +${exitCode}  ${meaning}$`, 'm'));
    }
  });

  it('of a command names the options of all commands too', async () => {
    const { code, stdout } = await run(['agents', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--watch');
    expect(stdout).toContain('--orchestrator');
  });

  it('is what comes without a command, as an error', async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: troupe/);
  });
});

describe('a command line that is wrong ends with 2 and says how it is right:', () => {
  it.each([
    { args: ['agnts'], says: /Did you mean agents\?/ },
    { args: ['agents', '--wach'], says: /Did you mean --watch\?/ },
    { args: ['agents', '--status', 'TIRED'], says: /Allowed choices are IDLE, BUSY/ },
    { args: ['agents', '--watch', '--status', 'IDLE'], says: /cannot be used with/ },
    { args: ['agents', '--label', 'region'], says: /Write KEY=VALUE\./ },
    { args: ['dispatch', 'text.upper', '--label', 'region'], says: /Write KEY=VALUE\./ },
    { args: ['explain'], says: /missing required argument 'capability'/ },
    { args: ['agents', 'writer'], says: /too many arguments/ },
    { args: ['describe'], says: /missing required argument 'agent'/ },
    { args: ['agents', '-O', 'localhost'], says: /write host:port/ },
    { args: ['agents', '-o', 'yaml'], says: /Allowed choices are text, json\./ },
    { args: ['agents', '--timeout', '5'], says: /"5" has no unit: 5s or 5ms\?/ },
    { args: ['agents', '--timeout', '5 parsecs'], says: /Write a number and ms, s, m, h or d/ },
    { args: ['tail', '--last', '1001'], says: /a whole number from 0 to 1000/ },
  ])('$args', async ({ args, says }) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toMatch(says);
  });

  it('TROUPE_ORCHESTRATOR=localhost', async () => {
    const { code, stderr } = await run(['agents'], { env: { TROUPE_ORCHESTRATOR: 'localhost' } });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: TROUPE_ORCHESTRATOR: "localhost" is no address/);
  });
});
