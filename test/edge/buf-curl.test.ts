import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { troupeError } from '../../services/protocol/reason.ts';
import { openDoor, type Served } from './door.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** `buf curl` as people type it; what it learns of the contract comes from `source`. */
async function bufCurl(...args: string[]) {
  try {
    return await promisify(execFile)(`${ROOT}/node_modules/.bin/buf`, ['curl', ...args], { cwd: ROOT });
  } catch (error) {
    return error as { stdout: string; stderr: string };
  }
}

const WAYS: [string, string[]][] = [
  ['connect, from the proto, over HTTP/1.1', ['--protocol', 'connect', '--schema', 'proto']],
  ['grpcweb, from the proto, over HTTP/1.1', ['--protocol', 'grpcweb', '--schema', 'proto']],
  ['connect, by reflection, over HTTP/2', ['--protocol', 'connect', '--http2-prior-knowledge']],
  ['grpcweb, by reflection, over HTTP/2', ['--protocol', 'grpcweb', '--http2-prior-knowledge']],
  ['grpc, by reflection, over HTTP/2', ['--protocol', 'grpc', '--http2-prior-knowledge']],
];

describe.each(WAYS)('buf curl --protocol %s', (_, flags) => {
  async function call(served: Served, method: string, request: object) {
    const { url } = await openDoor(served);
    return bufCurl(...flags, '-d', JSON.stringify(request), `${url}/troupe.v1.${method}`);
  }

  it('calls a method with JSON and reads the answer', async () => {
    const request = { message: { payload: { words: ['a', 1, null] }, ttl: '20s' } };
    const { stdout } = await call({}, 'AgentService/Handle', request);
    expect(JSON.parse(stdout)).toEqual(request);
  });

  it('reads a stream', async () => {
    const watch: Served['watch'] = async function* () {
      yield { event: { entry: { key: 'a' } } };
      yield { event: { entry: { key: 'b' } } };
    };
    const { stdout } = await call({ watch }, 'StateService/Watch', {});
    expect(stdout.match(/"key": "\w"/g)).toEqual(['"key": "a"', '"key": "b"']);
  });

  it('shows an error with its details', async () => {
    const handle = () => {
      throw troupeError('DRAINING', 'Not today.');
    };
    const { code, message, details } = JSON.parse((await call({ handle }, 'AgentService/Handle', {})).stderr);
    expect({ code, message }).toEqual({ code: 'unavailable', message: 'Not today.' });
    expect(details[0].type).toBe('google.rpc.ErrorInfo');
  });
});
