import { create, protoInt64 } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { type AgentMessage, AgentMessageSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { packDetail } from '../../services/rpc/rpc-error.ts';
import { AGENT_WAYS, TestMesh, type TestOrchestrator } from '../orchestrator/test-mesh.ts';
import { answering, LIST, type MessageInit, NAN, NO_KIND, result, withMember } from './odd-member.ts';

const mesh = new TestMesh();

/** Calls a method of the orchestrator in JSON. */
async function call({ http }: TestOrchestrator, method: string, request: object = {}) {
  const response = await fetch(`http://${http}/troupe.v1.OrchestratorService/${method}`, {
    method: 'POST',
    body: JSON.stringify(request),
    headers: { 'content-type': 'application/json' },
  });
  // biome-ignore lint/suspicious/noExplicitAny: an assertion that looks into the wrong shape fails.
  return { status: response.status, json: (await response.json()) as any };
}

/** A message whose payload is a text that is no UTF-8. */
const unreadable = (init: MessageInit): AgentMessage => ({
  ...create(AgentMessageSchema, init),
  $unknown: [{ no: 5, wireType: 2, data: new Uint8Array([4, 0x1a, 2, 0xff, 0xfe]) }],
});

describe.each(AGENT_WAYS)('what an agent answers by %s', (way) => {
  it.each([
    ['null, where it has no kind', NO_KIND, null],
    ['null within a list', LIST, [null]],
  ])('is shown in JSON as %s', async (_, payload, shown) => {
    const orchestrator = await withMember(
      mesh,
      answering(way, () => result(payload)),
    );
    const { status, json } = await call(orchestrator, 'Dispatch', {
      message: { capability: 'strange.work' },
    });
    expect(status).toBe(200);
    expect(json.message.payload).toEqual(shown);
  });

  it.each([
    ['that is NaN', result(NAN), 'holds NaN'],
    ['that cannot be read', unreadable({ type: MessageType.RESULT }), 'cannot be read'],
  ])('%s is refused in JSON as INVALID_PAYLOAD', async (_, reply, text) => {
    const orchestrator = await withMember(
      mesh,
      answering(way, () => reply),
    );
    const { status, json } = await call(orchestrator, 'Dispatch', {
      message: { capability: 'strange.work' },
    });
    expect(status).toBe(400);
    expect(json.message).toContain(text);
    expect(json.details[0].debug.reason).toBe('INVALID_PAYLOAD');
  });
});

describe('the log in JSON', () => {
  const FAR = protoInt64.parse(2n ** 50n);
  const retry = { retryDelay: { seconds: FAR } };
  const details = [
    packDetail(RetryInfoSchema, retry),
    packDetail(ErrorInfoSchema, { reason: 'TIRED' }),
    { $typeName: 'google.protobuf.Any' as const, typeUrl: 'acme/Unknown', value: new Uint8Array([1]) },
  ];
  const odd: [string, MessageInit, object][] = [
    [
      'a time that no calendar has',
      { timestamp: { seconds: FAR } },
      { timestamp: '9999-12-31T23:59:59.999999999Z' },
    ],
    [
      'nanos below zero',
      { timestamp: { seconds: 1n, nanos: -5 } },
      { timestamp: '1970-01-01T00:00:00.999999995Z' },
    ],
    [
      'a header with a name of protobuf-es',
      { headers: { $typeName: 'google.protobuf.Value' } },
      { headers: { $typeName: 'google.protobuf.Value' } },
    ],
    ['NaN', { payload: NAN, task: 'odd' }, { task: 'odd' }],
    ['no kind', { payload: NO_KIND }, { payload: null }],
    [
      'details that JSON cannot hold',
      { error: { code: 8, details } },
      {
        error: {
          code: 8,
          details: [
            { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '315576000000s' },
            { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'TIRED' },
          ],
        },
      },
    ],
  ];
  it.each(odd)('shows a message with %s, and those beside it', async (_, message, shown) => {
    const orchestrator = await withMember(
      mesh,
      answering('Handle', () => result(NAN)),
      { logPayloads: true },
    );
    const task = Object.assign(create(AgentMessageSchema, message), { capability: 'strange.work' });
    await orchestrator.rpc.dispatch({ message: task }).catch(() => {});
    const { status, json } = await call(orchestrator, 'ListMessages');
    expect(status).toBe(200);
    expect(json.records).toHaveLength(2);
    expect(json.records.at(-1).message).toMatchObject(shown);
  });
});

describe('the roster in JSON', () => {
  it('shows an agent whose schema holds NaN', async () => {
    const capabilities = [{ name: 'strange.work', outputSchema: { default: Number.NaN, type: 'number' } }];
    const orchestrator = await withMember(mesh, { card: { capabilities }, handle: () => ({}) });
    const { status, json } = await call(orchestrator, 'ListAgents');
    expect(status).toBe(200);
    expect(json.agents[0].instances[0].card.capabilities[0].outputSchema).toEqual({
      default: null,
      type: 'number',
    });
  });
});
