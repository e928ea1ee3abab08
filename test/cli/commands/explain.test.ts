import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SmallMesh, startSmallMesh } from '../small-mesh.ts';

let mesh: SmallMesh;
beforeAll(async () => {
  mesh = await startSmallMesh();
});
afterAll(() => mesh.close());

/** The rows of a table as the cells in them, without the head. */
function rowsOf(text: string): string[][] {
  const [, ...rows] = text.trimEnd().split('\n');
  return rows.map((row) => row.split(/ {2,}/));
}

describe('explain', () => {
  it('shows every instance that a task may go to, and the one that it would go to', async () => {
    await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "hello"}']);
    const { code, stdout, stderr } = await mesh.run(['explain', 'text.upper']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^AGENT +INSTANCE +ADDRESS +STATUS +SCORE +LATENCY +IN FLIGHT +FAILED % +CHOICE\n/,
    );
    const { card, address } = mesh.agent;
    const time = expect.stringMatching(/^\d.* m?s$/);
    expect(rowsOf(stdout)).toEqual([
      [
        'writer',
        card.instanceId,
        address,
        'IDLE',
        time,
        time,
        expect.stringMatching(/^0\/\d+$/),
        '0',
        'CHOSEN',
      ],
    ]);
  });

  it('says why a task would not go there, in the words of the contract', async () => {
    const { code, stdout, stderr } = await mesh.run(['explain', 'text.upper', '--label', 'region=us']);
    expect(rowsOf(stdout)[0]!.at(-1)).toBe('LABELS');
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'None of them takes it.\n' });
  });

  it('shows the whole answer as one JSON document', async () => {
    const args = ['explain', 'text.upper', '--receiver', 'writer', '--affinity', 'mine', '-o', 'json'];
    const { stdout } = await mesh.run([...args, '--label', 'region=eu']);
    const { instanceId } = mesh.agent.card;
    expect(JSON.parse(stdout)).toMatchObject({
      candidates: [{ agentId: 'writer', instanceId, chosen: true }],
    });
  });

  it.each([
    { args: ['text.lower'], code: 3, says: /CAPABILITY_NOT_FOUND/ },
    { args: ['text.upper', '--receiver', 'writr'], code: 3, says: /Did you mean writer\?/ },
    {
      args: ['text.upper', '--affinity', 'x'.repeat(257)],
      code: 6,
      says: /routing\.affinity_key has 257 bytes/,
    },
  ])('ends with $code for $args', async ({ args, code, says }) => {
    const ended = await mesh.run(['explain', ...args]);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(says);
  });
});

describe.each([
  ['dispatch', 'text.upper'],
  ['send', 'writer', '--capability', 'text.upper'],
])('%s', (...given) => {
  const args = [...given.filter(String), '-d', '{"text": "hello"}'];

  it('goes to an instance that has the labels', async () => {
    const { stdout } = await mesh.run([...args, '--label', 'region=eu']);
    expect(stdout).toBe('HELLO\n');
    const { code, stderr } = await mesh.run([...args, '--label', 'region=eu', '--label', 'size=small']);
    expect(code).toBe(4);
    expect(stderr).toContain('with the labels region=eu, size=small');
    expect(stderr).toContain('ListAgents tells which labels each instance has.');
  });

  it('says of the instance what it is told', async () => {
    await mesh.run([...args, '--affinity', 'mine', '--hedge', '--correlation', 'routed']);
    const running = mesh.start(['tail', '--last', '100', '--correlation', 'routed', '-o', 'json']);
    await running.stdout.until(/TASK/);
    running.interrupt();
    await running.ended;
    expect(JSON.parse(running.stdout.lines.at(-1)!).message).toMatchObject({
      capability: 'text.upper',
      routing: { affinityKey: 'mine', hedge: true },
    });
  });
});
