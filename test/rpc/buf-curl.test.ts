import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { Code } from '../../services/rpc/code.ts';
import { packDetail, RpcError } from '../../services/rpc/rpc-error.ts';
import { bind, RpcServer } from '../../services/rpc/server.ts';

const BUF = resolve(import.meta.dirname, '../../node_modules/.bin/buf');

const server = new RpcServer({
  services: [
    bind(AgentService, {
      describe() {
        throw new RpcError(Code.UNAVAILABLE, 'Not today.', [
          packDetail(ErrorInfoSchema, { reason: 'TIRED' }),
        ]);
      },
      handle: ({ message }) => (message ? { message } : {}),
      async *link() {},
    }),
  ],
});
let address: string;
let emptyFolder: string;

beforeAll(async () => {
  address = await server.listen('127.0.0.1:0');
  emptyFolder = await mkdtemp(join(tmpdir(), 'troupe-buf-curl-'));
});
afterAll(async () => {
  await server.close();
  await rm(emptyFolder, { recursive: true });
});

/** Runs `buf curl` where it finds no proto, so that all it knows comes from the server's reflection. */
async function bufCurl(...args: string[]) {
  const flags = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge'];
  try {
    return await promisify(execFile)(BUF, [...flags, ...args], { cwd: emptyFolder });
  } catch (error) {
    return error as { stdout: string; stderr: string };
  }
}

describe.each(['grpc-v1', 'grpc-v1alpha'])('buf curl over %s reflection', (protocol) => {
  it('lists the methods of every service', async () => {
    const { stdout } = await bufCurl('--reflect-protocol', protocol, '--list-methods', `http://${address}`);
    expect(stdout.trim().split('\n')).toEqual([
      'grpc.health.v1.Health/Check',
      'grpc.health.v1.Health/List',
      'grpc.health.v1.Health/Watch',
      'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
      'troupe.v1.AgentService/Describe',
      'troupe.v1.AgentService/Handle',
      'troupe.v1.AgentService/Link',
    ]);
  });

  it('calls a method with JSON and reads the answer', async () => {
    const url = `http://${address}/troupe.v1.AgentService/Handle`;
    const request = {
      message: { type: 'MESSAGE_TYPE_TASK', payload: { words: ['a', 1, null] }, ttl: '20s' },
    };
    const { stdout } = await bufCurl('--reflect-protocol', protocol, '-d', JSON.stringify(request), url);
    expect(JSON.parse(stdout)).toEqual(request);
  });

  it('shows an error with its details', async () => {
    const url = `http://${address}/troupe.v1.AgentService/Describe`;
    const { stderr } = await bufCurl('--reflect-protocol', protocol, url);
    const { code, message, details } = JSON.parse(stderr);
    expect({ code, message }).toEqual({ code: 'unavailable', message: 'Not today.' });
    expect(details).toHaveLength(1);
    expect(details[0].type).toBe('google.rpc.ErrorInfo');
    const detail = fromBinary(ErrorInfoSchema, Buffer.from(details[0].value, 'base64'));
    expect(detail.reason).toBe('TIRED');
  });
});
