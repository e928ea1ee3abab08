import {
  create,
  type DescMethod,
  fromJson,
  type JsonValue,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';
import { Health } from '../../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../../gen/grpc/reflection/v1/reflection_pb.js';
import { AgentService } from '../../../gen/troupe/v1/agent_service_pb.js';
import { OrchestratorService } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { StateService } from '../../../gen/troupe/v1/state_service_pb.js';
import { methodPath } from '../../../services/rpc/codec.ts';

/** A request that is as it should be, before it is spoiled. */
export interface Sample {
  path: string;
  bytes: Buffer;
  json: string;
  /** Whether the method is called with one request, as HTTP/1.1 can. */
  unary: boolean;
}

const task = (more: Record<string, JsonValue> = {}) => ({
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  sender: 'chaos',
  type: 'MESSAGE_TYPE_TASK',
  capability: 'chaos.read',
  payload: { n: 1, text: 'Ein Satz.', list: [1, null, true, { deep: ['x'] }] },
  ttl: '1s',
  headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  attachments: [{ name: 'note.txt', mediaType: 'text/plain', data: 'aGVsbG8=' }],
  ...more,
});

const COMMON = [
  sample(Health.method.check, { service: '' }),
  sample(Health.method.list, {}),
  sample(ServerReflection.method.serverReflectionInfo, { listServices: '*' }),
  sample(ServerReflection.method.serverReflectionInfo, { fileContainingSymbol: 'grpc.health.v1.Health' }),
];

/** What an agent can be asked. */
export const OF_AGENT: readonly Sample[] = [
  ...COMMON,
  sample(AgentService.method.describe, {}),
  sample(AgentService.method.handle, { message: task() }),
  sample(AgentService.method.handle, { message: task({ type: 'MESSAGE_TYPE_HEARTBEAT' }) }),
  sample(AgentService.method.link, {
    messages: [task(), task({ id: '2', type: 'MESSAGE_TYPE_CANCEL', correlationId: '1' })],
  }),
];

/** What an orchestrator can be asked that ends by itself. */
export const OF_ORCHESTRATOR: readonly Sample[] = [
  ...COMMON,
  sample(OrchestratorService.method.listAgents, { pageSize: 10 }),
  sample(OrchestratorService.method.getAgent, { agentId: 'chaos' }),
  sample(OrchestratorService.method.send, { message: task({ receiver: 'chaos' }) }),
  sample(OrchestratorService.method.dispatch, { message: task() }),
  sample(OrchestratorService.method.dispatchStream, { message: task() }),
  sample(OrchestratorService.method.broadcast, { message: task({ type: 'MESSAGE_TYPE_BROADCAST' }) }),
  sample(OrchestratorService.method.runPipeline, {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CEL's.
    pipeline: { steps: [{ name: 'one', capability: 'chaos.read', payload: { n: '${input.n}' } }] },
    input: { n: 1 },
  }),
  sample(OrchestratorService.method.listMessages, { pageSize: 5 }),
  sample(OrchestratorService.method.link, { messages: [task(), task({ id: '2' })] }),
  sample(StateService.method.set, { key: 'chaos', value: { a: [1, 2, 3] } }),
  sample(StateService.method.get, { key: 'chaos' }),
  sample(StateService.method.list, { prefix: 'c' }),
  sample(StateService.method.delete, { key: 'chaos' }),
];

function sample(method: DescMethod, json: JsonValue): Sample {
  const message = json === null ? create(method.input) : fromJson(method.input, json);
  return {
    path: methodPath(method),
    bytes: Buffer.from(toBinary(method.input, message)),
    json: toJsonString(method.input, message),
    unary: method.methodKind === 'unary',
  };
}
