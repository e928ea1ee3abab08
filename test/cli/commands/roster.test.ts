import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveAgent } from '../../../services/agent/index.ts';
import { startOrchestrator } from '../../../services/orchestrator/orchestrator.ts';
import { run, start } from '../command-line.ts';
import { type SmallMesh, startSmallMesh } from '../small-mesh.ts';

let mesh: SmallMesh;
beforeAll(async () => {
  mesh = await startSmallMesh();
});
afterAll(() => mesh.close());

describe('agents', () => {
  it('lists who is there, aligned', async () => {
    expect(await mesh.run(['agents'])).toEqual({
      code: 0,
      stdout:
        'AGENT   STATUS  INSTANCES  CAPABILITIES\n' +
        'writer  IDLE    1          document.copy, text.escape, text.fail, text.upper, text.wait\n',
      stderr: '',
    });
  });

  it('colours what a terminal shows, unless NO_COLOR is set', async () => {
    expect((await mesh.run(['agents'], { tty: true })).stdout).toContain(
      '\u001b[1mwriter\u001b[22m  \u001b[32mIDLE',
    );
    const plain = await mesh.run(['agents'], { tty: true, env: { NO_COLOR: '1' } });
    expect(plain.stdout).toBe((await mesh.run(['agents'])).stdout);
    const forced = await mesh.run(['agents'], { env: { FORCE_COLOR: '1' } });
    expect(forced.stdout).toContain('\u001b[32mIDLE');
  });

  it('lists them as one JSON document', async () => {
    const { stdout } = await mesh.run(['agents', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject([
      { id: 'writer', status: 'AGENT_STATUS_IDLE', instances: [{ address: mesh.agent.address }] },
    ]);
  });

  it.each([
    [['--capability', 'text.upper'], 1],
    [['--capability', 'text.lower'], 0],
    [['--label', 'region=eu'], 1],
    [['--label', 'region=eu', '--label', 'size=small'], 0],
    [['--status', 'OFFLINE'], 0],
  ])('lists only those that %j leaves', async (filter, count) => {
    const { stdout } = await mesh.run(['agents', '-o', 'json', ...filter]);
    expect(JSON.parse(stdout)).toHaveLength(count);
  });

  it('says how an agent joins where there is none', async () => {
    const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
    const { code, stdout, stderr } = await run(['agents', '-O', orchestrator.address]);
    await orchestrator.close();
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain(`TROUPE_ORCHESTRATORS=${orchestrator.address}`);
  });

  it('tells each change until Ctrl-C', async () => {
    const running = mesh.start(['agents', '--watch']);
    await running.stdout.until(/^PRESENT {2}writer/);
    const orchestrators = [mesh.orchestrator.address];
    const capabilities = { 'wall.paint': { handle: () => 'red' } };
    const painter = await serveAgent({ id: 'painter', capabilities }, { orchestrators });
    await running.stdout.until(/^ADDED {4}painter {11}IDLE {6}1 instance {3}wall\.paint$/);
    expect(await mesh.run(['send', 'painter'])).toMatchObject({ stdout: 'red\n' });
    await painter.drain();
    await running.stdout.until(/^REMOVED {2}painter/);
    running.interrupt();
    expect(await running.ended).toBe(130);
    expect(running.stderr.text).toBe('');
  });

  it('tells each change as a line of JSON', async () => {
    const running = mesh.start(['agents', '--watch', '-o', 'json']);
    await running.stdout.until(/SYNCED/);
    running.interrupt();
    await running.ended;
    expect(running.stdout.lines.map((line) => JSON.parse(line).type)).toEqual([
      'ROSTER_EVENT_TYPE_PRESENT',
      'ROSTER_EVENT_TYPE_SYNCED',
    ]);
  });
});

describe('describe', () => {
  it('shows what an agent is, its instances, and its capabilities with their schemas', async () => {
    const { code, stdout } = await mesh.run(['describe', 'writer']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^writer {2}IDLE\nWrites in capitals\.\n\nINSTANCE/);
    expect(stdout).toMatch(
      new RegExp(`^${mesh.agent.card.instanceId} {2}IDLE .*${mesh.agent.address} {2}1\\.2\\.3`, 'm'),
    );
    expect(stdout).toContain(`
text.upper  idempotent, within 5.0 s
  Writes a text in capitals.
  input:
    type: object
    required:
      - text
`);
    expect(stdout).toContain('\n\ntext.wait\n  input: anything\n  output: anything\n');
  });

  it('shows the same as JSON', async () => {
    const { stdout } = await mesh.run(['describe', 'writer', '-o', 'json']);
    const { capabilities } = JSON.parse(stdout).instances[0].card;
    expect(capabilities.map(({ name }: { name: string }) => name)).toContain('text.upper');
  });

  it('ends with 3 for an agent that is not there', async () => {
    expect(await mesh.run(['describe', 'painter'])).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('health', () => {
  it('asks every agent', async () => {
    expect(await mesh.run(['health'])).toEqual({
      code: 0,
      stdout: 'AGENT   STATUS\nwriter  IDLE\n',
      stderr: '',
    });
    const { stdout } = await mesh.run(['health', 'writer', '-o', 'json']);
    expect(JSON.parse(stdout)).toEqual({ agents: { writer: 'AGENT_STATUS_IDLE' } });
  });

  it('ends with 4 where an agent is OFFLINE', async () => {
    const painter = await serveAgent({ id: 'painter', capabilities: {} });
    const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0', static: [painter.address] });
    const at = ['-O', orchestrator.address];
    const watch = start(['agents', '--watch', ...at]);
    await watch.stdout.until(/painter/);
    watch.interrupt();
    expect(await run(['health', ...at])).toMatchObject({ code: 0 });
    await painter.close();
    expect(await run(['health', ...at])).toEqual({
      code: 4,
      stdout: 'AGENT    STATUS\npainter  OFFLINE\n',
      stderr: '',
    });
    await orchestrator.close();
  });

  it('says that there is nobody to ask', async () => {
    const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
    const { code, stdout, stderr } = await run(['health', '-O', orchestrator.address]);
    await orchestrator.close();
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^No agents\./);
  });
});

describe('broadcast', () => {
  it('shows what became of it at each recipient', async () => {
    const { instanceId } = mesh.agent.card;
    const acknowledged = await mesh.run(['broadcast', '-d', '"listen"']);
    expect(acknowledged).toEqual({
      code: 0,
      stdout: `writer            ${instanceId}  acknowledged\n`,
      stderr: '',
    });
    const replied = await mesh.run(['broadcast', '-d', '"speak"']);
    expect(replied.stdout).toBe(`writer            ${instanceId}  replied       {"heard":"speak"}\n`);
  });

  it('shows outcomes as JSON, one a line', async () => {
    const { stdout } = await mesh.run(['broadcast', '-d', '"speak"', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ agentId: 'writer', reply: { payload: { heard: 'speak' } } });
  });

  it('says that nobody was there', async () => {
    const ended = await mesh.run(['broadcast', '--label', 'region=us']);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: 'Nobody was there to take it.\n' });
  });
});

describe('tail', () => {
  it('shows who asks whom for what, and how it ended, as it goes through', async () => {
    const running = mesh.start(['tail', '--last', '0', '--agent', 'writer']);
    // What was there before is not shown, so the watch has to have begun: asked again until it has.
    while (running.stdout.text === '') {
      await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "x"}', '--task', 'Say it loud.']);
    }
    await mesh.run(['dispatch', 'text.fail']);
    await running.stdout.until(/ERROR/);
    running.interrupt();
    expect(await running.ended).toBe(130);
    const { lines } = running.stdout;
    const time = String.raw`^\d\d:\d\d:\d\d\.\d{3} {2}`;
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`${time}TASK {7}cli → writer {14}text\\.upper .* Say it loud\\.$`)),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`${time}RESULT {5}writer → cli .* \\d.* m?s$`)),
    );
    expect(lines.at(-1)).toMatch(/ ERROR .* The writer is tired\. \(RESOURCE_EXHAUSTED\)$/);
  });

  it('finds a task by its correlation id', async () => {
    await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "x"}', '--correlation', 'mine']);
    await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "x"}', '--correlation', 'another']);
    const running = mesh.start(['tail', '--last', '100', '--correlation', 'mine', '-o', 'json']);
    await running.stdout.until(/TASK/);
    running.interrupt();
    await running.ended;
    expect(JSON.parse(running.stdout.text)).toMatchObject({ message: { correlationId: 'mine' } });
  });

  it('shows them as JSON, one a line', async () => {
    await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "x"}']);
    const running = mesh.start(['tail', '--last', '1', '-o', 'json']);
    await running.stdout.until(/RESULT/);
    running.interrupt();
    await running.ended;
    expect(JSON.parse(running.stdout.text)).toMatchObject({ message: { sender: 'writer' }, outcome: {} });
  });

  it('ends with 5 when its time is up', async () => {
    const { code, stderr } = await mesh.run(['tail', '--timeout', '200ms']);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^error: The time ran out\. \(DEADLINE_EXCEEDED\)\n/);
  });
});
