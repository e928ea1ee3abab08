import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SmallMesh, startSmallMesh } from '../small-mesh.ts';

let mesh: SmallMesh;
beforeAll(async () => {
  mesh = await startSmallMesh();
});
afterAll(() => mesh.close());

/** Writes an entry and answers its revision. */
async function written(key: string, value: string, ...options: string[]): Promise<string> {
  const { stdout } = await mesh.run(['state', 'set', key, value, '-o', 'json', ...options]);
  return JSON.parse(stdout).revision;
}

describe('state', () => {
  it('is written and read', async () => {
    const set = await mesh.run(['state', 'set', 'orders/1', '{"total": 3}']);
    expect(set).toMatchObject({ code: 0, stderr: '' });
    expect(set.stdout).toMatch(/^revision \d{16}\n$/);
    const get = await mesh.run(['state', 'get', 'orders/1']);
    expect(get).toEqual({ code: 0, stdout: '{\n  "total": 3\n}\n', stderr: '' });
  });

  it('is read as JSON with its revision and what it has left to live', async () => {
    const revision = await written('orders/2', '[1]', '--ttl', '1h');
    const { stdout } = await mesh.run(['state', 'get', 'orders/2', '-o', 'json']);
    const entry = JSON.parse(stdout);
    expect(entry).toEqual({ key: 'orders/2', value: [1], revision, ttlMs: expect.any(Number) });
    expect(entry.ttlMs).toBeLessThanOrEqual(3_600_000);
  });

  it('takes a value from standard input', async () => {
    await mesh.run(['state', 'set', 'piped', '@-'], { stdin: '"through"' });
    expect((await mesh.run(['state', 'get', 'piped'])).stdout).toBe('through\n');
  });

  it('ends with 3 where there is nothing under the key', async () => {
    const ended = await mesh.run(['state', 'get', 'nothing']);
    expect(ended).toEqual({ code: 3, stdout: '', stderr: 'There is nothing under "nothing".\n' });
  });

  it('is written only at the revision that is asked for, else the command ends with 7', async () => {
    const first = await written('counter', '1', '--if-revision', '0');
    const again = await mesh.run(['state', 'set', 'counter', '2', '--if-revision', '0']);
    expect(again).toMatchObject({ code: 7, stdout: '' });
    expect(again.stderr).toMatch(/\(ABORTED \/ REVISION_CONFLICT\)\n {2}next: Read the entry again/);
    await written('counter', '2', '--if-revision', first);
    expect((await mesh.run(['state', 'delete', 'counter', '--if-revision', first])).code).toBe(7);
    expect((await mesh.run(['state', 'get', 'counter'])).stdout).toBe('2\n');
  });

  it('is deleted once', async () => {
    await written('gone', 'true');
    expect((await mesh.run(['state', 'delete', 'gone'])).stdout).toBe('deleted\n');
    expect((await mesh.run(['state', 'delete', 'gone'])).stdout).toBe('there was none\n');
    const { stdout } = await mesh.run(['state', 'delete', 'gone', '-o', 'json']);
    expect(JSON.parse(stdout)).toEqual({ key: 'gone', deleted: false });
  });

  it('is listed by prefix', async () => {
    const a = await written('list/a', '"one\\ntwo"');
    const b = await written('list/b', '{"n": 1}', '--ttl', '7d');
    const { stdout } = await mesh.run(['state', 'ls', 'list/']);
    const [head, first, second, ...rest] = stdout.split('\n');
    expect(head).toMatch(/^KEY {5}REVISION {10}TTL {2}VALUE$/);
    expect(first).toBe(`list/a  ${a}  -    one two`);
    expect(second).toBe(`list/b  ${b}  7 d  {"n":1}`);
    expect(rest).toEqual(['']);
    const json = JSON.parse((await mesh.run(['state', 'ls', 'list/', '-o', 'json'])).stdout);
    expect(json[0]).toEqual({ key: 'list/a', value: 'one\ntwo', revision: a });
  });

  it('is listed in silence where there is none, but for a word to people', async () => {
    const { stdout, stderr } = await mesh.run(['state', 'ls', 'none/']);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: 'There are no entries.\n' });
  });

  it('is watched until Ctrl-C, from a revision that is still remembered', async () => {
    const before = await written('watched/before', '0');
    await written('watched/a', '{"n": 1}');
    const running = mesh.start(['state', 'watch', 'watched/', '--from-revision', before]);
    await running.stdout.until(/set/);
    await mesh.run(['state', 'delete', 'watched/a']);
    await running.stdout.until(/deleted/);
    await written('watched/brief', 'null', '--ttl', '50ms');
    await running.stdout.until(/expired/);
    running.interrupt();
    expect(await running.ended).toBe(130);
    expect(running.stdout.lines.map((line) => line.replace(/^\d{16} {2}/, ''))).toEqual([
      'set      watched/a                 {"n":1}',
      'deleted  watched/a',
      'set      watched/brief             null',
      'expired  watched/brief',
    ]);
  });

  it('is watched as JSON, one change a line', async () => {
    const before = await written('json/before', '0');
    const revision = await written('json/a', '1');
    const running = mesh.start(['state', 'watch', 'json/', '--from-revision', before, '-o', 'json']);
    await running.stdout.until(/set/);
    running.interrupt();
    await running.ended;
    expect(JSON.parse(running.stdout.text)).toEqual({ type: 'set', key: 'json/a', value: 1, revision });
  });

  it.each([
    [['set', 'key', 'hello'], 6, /The value is no JSON: .*\n {2}hello\n/],
    [['set', 'key', '1', '--ttl', '5'], 2, /"5" has no unit/],
    [['set', 'key', '1', '--if-revision', '-1'], 2, /--if-revision/],
    [['get', ''], 6, /\(INVALID_ARGUMENT \/ INVALID_MESSAGE\)/],
    [
      ['watch', '--from-revision', '1'],
      6,
      /\(OUT_OF_RANGE \/ REVISION_COMPACTED\)\n {2}next: "troupe state ls/,
    ],
    [['gat', 'key'], 2, /Did you mean get\?/],
  ])('refuses %j', async (args, code, says) => {
    const ended = await mesh.run(['state', ...args]);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(says);
  });
});
