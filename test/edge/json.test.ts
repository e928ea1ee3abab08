import { execFile } from 'node:child_process';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { AgentCardSchema } from '../../gen/troupe/v1/agent_card_pb.js';
import { AgentMessageSchema } from '../../gen/troupe/v1/agent_message_pb.js';
import { troupeError } from '../../services/protocol/reason.ts';
import { openDoor, post } from './door.ts';

/** A logger whose lines the test reads. */
function recorder() {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(line, _, done) {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
  return { log: pino({ level: 'debug' }, sink), lines };
}

const known = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: 'TIRED', domain: 'acme.example' }));
const unknown = anyPack(AgentCardSchema, create(AgentCardSchema, { id: 'x' }));
const broken = { ...known, value: new Uint8Array([255]) };

describe('plain JSON', () => {
  it('is answered to curl -d, which says that it sends a form', async () => {
    const { url } = await openDoor();
    const request = { message: { capability: 'text.echo', payload: { words: ['a', 1, null] }, ttl: '20s' } };
    const curl = ['-sS', '-d', JSON.stringify(request), `${url}/troupe.v1.AgentService/Handle`];
    const { stdout } = await promisify(execFile)('curl', curl);
    expect(JSON.parse(stdout)).toEqual(request);
  });

  it('is not taken from a form of a page, not even of one that is allowed', async () => {
    const { url } = await openDoor({}, { allowedOrigins: ['https://a.example'] });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://a.example' };
    expect((await post(url, '{}', headers)).status).toBe(415);
  });

  it('reads without effects can be asked for with GET', async () => {
    const { url } = await openDoor();
    const response = await fetch(`${url}/troupe.v1.AgentService/Describe?encoding=json&message=%7B%7D`);
    expect(await response.json()).toEqual({ card: { id: 'echo' } });
  });

  it('spells out the details of an error', async () => {
    const { url } = await openDoor({
      handle: () => {
        throw troupeError('CAPABILITY_NOT_FOUND', 'Nobody can.', { capability: 'x' });
      },
    });
    const { status, json } = await post(url, '{}');
    expect(status).toBe(404);
    expect(json).toMatchObject({
      code: 'not_found',
      message: 'Nobody can.',
      details: [
        {
          type: 'google.rpc.ErrorInfo',
          debug: { reason: 'CAPABILITY_NOT_FOUND', domain: 'troupe', metadata: { capability: 'x' } },
        },
      ],
    });
  });

  it('leaves a detail of an unknown type out of a message, says so in the log, and changes nothing else', async () => {
    const { log, lines } = recorder();
    const details = [unknown, known, broken];
    const message = create(AgentMessageSchema, { task: 't', error: { code: 9, message: 'no', details } });
    const { url } = await openDoor({ handle: () => ({ message }) }, { log });
    const { json } = await post(url, '{}');
    expect(json.message).toEqual({
      task: 't',
      error: {
        code: 9,
        message: 'no',
        details: [{ '@type': known.typeUrl, reason: 'TIRED', domain: 'acme.example' }],
      },
    });
    expect(message.error?.details).toHaveLength(3);
    const warnings = lines.filter(({ msg }) => String(msg).includes('unknown type'));
    expect(warnings.map(({ typeUrl }) => typeUrl)).toEqual([unknown.typeUrl, known.typeUrl]);
  });

  it('shows a value without a kind as null, at any depth', async () => {
    const empty = () => ({ $typeName: 'google.protobuf.Value' as const, kind: { case: undefined } });
    const fields = { a: empty(), ['__proto__']: empty() };
    const { url } = await openDoor({
      handle: () => ({
        message: {
          payload: { kind: { case: 'structValue', value: { $typeName: 'google.protobuf.Struct', fields } } },
        },
      }),
    });
    const response = await fetch(`${url}/troupe.v1.AgentService/Handle`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await response.text()).toBe('{"message":{"payload":{"a":null,"__proto__":null}}}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses to show %s', async (number) => {
    const payload = { kind: { case: 'numberValue' as const, value: number } };
    const { url } = await openDoor({ handle: () => ({ message: { payload } }) });
    const { status, json } = await post(url, '{}');
    expect(status).toBe(400);
    expect(json.message).toContain(`The answer holds ${number}`);
    expect(json.details[0].debug.reason).toBe('INVALID_PAYLOAD');
  });

  it.each([
    ['text that is no JSON', '{"message":', 'Unexpected end of JSON input'],
    ['a field that there is not', '{"mesage":{}}', '"mesage" is unknown'],
    ['a field of the wrong type', '{"message":{"task":7}}', 'task'],
    ['an unknown name of an enum', '{"message":{"type":"TASK"}}', 'TASK'],
    ['nesting that no stack holds', `{"message":{"payload":${'['.repeat(1e5)}${']'.repeat(1e5)}}}`, 'depth'],
    ['bytes that are no UTF-8 text', new Uint8Array([0xff, 0xfe]), 'Unexpected token'],
  ])('refuses %s and says what is wrong', async (_, body, text) => {
    const { url } = await openDoor();
    const { status, json } = await post(url, body);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid_argument' });
    expect(json.message).toContain(text);
  });

  it('takes payloads as deep as the contract allows', async () => {
    const { url } = await openDoor();
    const payload = `${'{"a":'.repeat(32)}1${'}'.repeat(32)}`;
    const { json } = await post(url, `{"message":{"payload":${payload}}}`);
    expect(JSON.stringify(json.message.payload)).toBe(payload);
  });
});

describe('what is no call', () => {
  it('at an unknown service is told which services there are', async () => {
    const { url } = await openDoor();
    const response = await fetch(`${url}/troupe.v1.Nobody/Handle`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
    expect(((await response.json()) as { message: string }).message).toContain(
      'troupe.v1.AgentService, troupe.v1.StateService',
    );
  });

  it('at an unknown method is told which methods the service has', async () => {
    const { url } = await openDoor();
    const response = await fetch(`${url}/troupe.v1.AgentService/Handel`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      code: 'unimplemented',
      message: 'troupe.v1.AgentService has no method "Handel". It has: Describe, Handle, Link.',
    });
  });

  it.each([
    ['GET of what has effects', 'AgentService/Handle', { method: 'GET' }, 405, 'with POST'],
    [
      'another content type',
      'AgentService/Handle',
      { method: 'POST', body: 'a: b' },
      415,
      'application/json',
    ],
    [
      'plain JSON to a stream',
      'StateService/Watch',
      { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
      415,
      'application/connect+json',
    ],
    ['a link over HTTP/1.1', 'AgentService/Link', { method: 'POST', body: '{}' }, 505, 'over HTTP/2'],
  ])('%s is refused with what to do instead', async (_, path, init, status, text) => {
    const { url } = await openDoor();
    const response = await fetch(`${url}/troupe.v1.${path}`, init);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { message: string }).message).toContain(text);
  });
});

describe('the log', () => {
  it('has one line per call, with method, peer, code and time, and nothing of what was sent', async () => {
    const { log, lines } = recorder();
    const { url } = await openDoor({}, { log });
    await post(url, '{"message":{"payload":"secret","headers":{"secret":"secret"}}}', {
      'x-secret': 'secret',
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ method: 'troupe.v1.AgentService/Handle', code: 'OK' });
    expect(Object.keys(lines[0]!).sort()).toEqual(
      ['code', 'hostname', 'level', 'method', 'ms', 'msg', 'peer', 'pid', 'time'].sort(),
    );
    expect(JSON.stringify(lines)).not.toContain('secret');
  });
});
