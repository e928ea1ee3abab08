// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what templates are made of
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadRequestSchema } from '../../gen/google/rpc/error_details_pb.js';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { reader } from '../../services/crew/reader/agent.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { echo } from './agents.ts';
import { describeFailure, failureOf, TestMesh, type TestOrchestrator } from './test-mesh.ts';

const mesh = new TestMesh();

let orchestrator: TestOrchestrator;
beforeEach(async () => {
  orchestrator = await mesh.settledWith(echo('strict', ['strict.echo']), reader);
});

/** Whatever was sent, whoever comes next is served. */
afterEach(async () => {
  const { message } = await orchestrator.rpc.dispatch({
    message: { capability: 'strict.echo', payload: toValue('still here') },
  });
  expect(fromValue(message?.payload)).toEqual({ by: 'strict', said: 'still here' });
  expect((await orchestrator.rpc.checkHealth({})).agents).toMatchObject({ strict: 1 });
});

describe('a document', () => {
  const read = (data: Uint8Array, mediaType = 'text/markdown', name = 'document') =>
    orchestrator.rpc.dispatch({
      message: {
        capability: 'document.read',
        attachments: [{ name, mediaType, content: { case: 'data', value: data } }],
      },
    });

  it.each([
    ['that is empty', Buffer.alloc(0), 'text/markdown'],
    ['that is none', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0]), 'image/jpeg'],
  ])('%s is refused with a reason', async (_, data, mediaType) => {
    const error = await failureOf(read(data, mediaType));
    expect(describeFailure(error)).toMatch(/^INVALID_ARGUMENT \/ INVALID_(PAYLOAD|MESSAGE)$/);
  });

  it('of three mebibytes is read, or refused with a reason', async () => {
    const paragraph = `${'word '.repeat(200)}\n\n`;
    const huge = Buffer.from(`# Title\n\n${paragraph.repeat(3_000)}`);
    const end = await read(huge).then(
      () => 'read',
      (error) => describeFailure(error),
    );
    expect(end).toMatch(/^(read|(INVALID_ARGUMENT|RESOURCE_EXHAUSTED) \/ [A-Z_]+)$/);
  });

  it('of NULs, lone surrogates and unclosed tags is read', async () => {
    const { message } = await read(
      Buffer.from('# A\u0000B\n\n<div><b>\ufffd text <![CDATA[ \u202e'),
      'text/markdown',
    );
    expect(message?.type).toBe(MessageType.RESULT);
  });
});

describe('a pipeline', () => {
  it.each([
    ['without steps', []],
    [
      'with a reference to a later step',
      [
        { name: 'a', capability: 'strict.echo', payload: toValue('${steps.b.output}') },
        { name: 'b', capability: 'strict.echo' },
      ],
    ],
    [
      'with a reference to an unknown step',
      [{ name: 'a', capability: 'strict.echo', payload: toValue('${steps.zzz.output}') }],
    ],
    ['with an unknown variable', [{ name: 'a', capability: 'strict.echo', payload: toValue('${inptu.x}') }]],
    [
      'with an expression that does not parse',
      [{ name: 'a', capability: 'strict.echo', payload: toValue('${1 +}') }],
    ],
    [
      'with an expression that does not end',
      [{ name: 'a', capability: 'strict.echo', payload: toValue('${input') }],
    ],
    [
      'with a name used twice',
      [
        { name: 'a', capability: 'strict.echo' },
        { name: 'a', capability: 'strict.echo' },
      ],
    ],
    ['with a name that is none', [{ name: '1-a', capability: 'strict.echo' }]],
    ['with a step that asks for nothing', [{ name: 'a' }]],
    [
      'with attachments of a later step',
      [
        { name: 'a', capability: 'strict.echo', attachments: ['b'] },
        { name: 'b', capability: 'strict.echo' },
      ],
    ],
    [
      'with too many steps',
      Array.from({ length: 65 }, (_, i) => ({ name: `s${i}`, capability: 'strict.echo' })),
    ],
  ])('%s is refused before any step, and says where', async (_, steps) => {
    const error = await failureOf(orchestrator.rpc.runPipeline({ pipeline: { steps } }));
    expect(describeFailure(error)).toBe('INVALID_ARGUMENT / INVALID_PIPELINE');
    expect(error.detail(BadRequestSchema)?.fieldViolations[0]?.field).not.toBe('');
    expect((await orchestrator.rpc.listMessages({})).records).toEqual([]);
  });
});

it('a pipeline with more fields than any message may have is refused unread', async () => {
  const error = await failureOf(
    orchestrator.rpc.runPipeline({ pipeline: { steps: Array(40_000).fill({}) } }),
  );
  expect(describeFailure(error)).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
  expect(error.detail(BadRequestSchema)?.fieldViolations).toMatchObject([{ field: 'pipeline.steps' }]);
});

describe('buf curl', () => {
  const buf = resolve(import.meta.dirname, '../../node_modules/.bin/buf');

  it.each([
    ['malformed JSON', '{"message": {"capability": '],
    ['a field that does not exist', '{"message": {"capabilty": "x"}}'],
    ['a duration that is none', '{"message": {"capability": "strict.echo", "ttl": "soon"}}'],
  ])('with %s is told so', async (_, body) => {
    const url = `http://${orchestrator.address}/troupe.v1.OrchestratorService/Dispatch`;
    const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', body, url];
    const error = await promisify(execFile)(buf, args, { cwd: '/' }).catch((thrown) => thrown);
    expect(error.code).toBeGreaterThan(0);
    expect(error.stderr).not.toBe('');
  });
});
