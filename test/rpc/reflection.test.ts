import { create, createFileRegistry, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FileOptionsSchema,
  file_google_protobuf_descriptor,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { file_google_rpc_error_details } from '../../gen/google/rpc/error_details_pb.js';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import {
  ServerReflectionRequestSchema,
  type ServerReflectionResponseSchema,
} from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflectionRequestSchema as RequestAlphaSchema } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { Code } from '../../services/rpc/code.ts';
import { reflectionHandlers } from '../../services/rpc/reflection.ts';
import { testContext } from './call-context.ts';

type Query = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>['messageRequest']>;
type Response = MessageInitShape<typeof ServerReflectionResponseSchema>;

const reflection = reflectionHandlers([OrchestratorService, Health], [file_google_rpc_error_details]);

/** What the server answers to `queries`, asked on one stream. */
async function ask(queries: Query[], handlers = reflection): Promise<Response['messageResponse'][]> {
  async function* requests() {
    for (const messageRequest of queries) yield create(ServerReflectionRequestSchema, { messageRequest });
  }
  const answers: Response['messageResponse'][] = [];
  for await (const response of handlers.v1.serverReflectionInfo(requests(), testContext())) {
    answers.push(response.messageResponse);
  }
  return answers;
}

/** The names of the files in an answer. */
function fileNames(response: Response['messageResponse']): string[] {
  return filesIn(response).map((file) => file.name);
}

function filesIn(response: Response['messageResponse']) {
  if (response?.case !== 'fileDescriptorResponse')
    throw new Error(`no files, but ${JSON.stringify(response)}`);
  return (response.value.fileDescriptorProto ?? []).map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, bytes),
  );
}

describe('list_services', () => {
  it('names the services that are served, and reflection itself', async () => {
    const [answer] = await ask([{ case: 'listServices', value: '' }]);
    expect(answer).toEqual({
      case: 'listServicesResponse',
      value: {
        service: [
          { name: 'troupe.v1.OrchestratorService' },
          { name: 'grpc.health.v1.Health' },
          { name: 'grpc.reflection.v1.ServerReflection' },
          { name: 'grpc.reflection.v1alpha.ServerReflection' },
        ],
      },
    });
  });
});

describe('file_containing_symbol', () => {
  it.each([
    ['a service', 'troupe.v1.OrchestratorService', 'troupe/v1/orchestrator_service.proto'],
    ['a method', 'troupe.v1.OrchestratorService.Dispatch', 'troupe/v1/orchestrator_service.proto'],
    ['a message', 'troupe.v1.AgentMessage', 'troupe/v1/agent_message.proto'],
    ['a field', 'troupe.v1.AgentMessage.payload', 'troupe/v1/agent_message.proto'],
    ['a oneof', 'troupe.v1.PipelineEvent.event', 'troupe/v1/pipeline.proto'],
    ['an enum', 'troupe.v1.AgentStatus', 'troupe/v1/agent_status.proto'],
    ['an enum value', 'troupe.v1.AGENT_STATUS_IDLE', 'troupe/v1/agent_status.proto'],
    ['a nested enum', 'grpc.health.v1.HealthCheckResponse.ServingStatus', 'grpc/health/v1/health.proto'],
    ['a nested enum value', 'grpc.health.v1.HealthCheckResponse.SERVING', 'grpc/health/v1/health.proto'],
    ['a type of an imported file', 'google.protobuf.Value', 'google/protobuf/struct.proto'],
    [
      'a nested type of an extra file',
      'google.rpc.BadRequest.FieldViolation',
      'google/rpc/error_details.proto',
    ],
  ])('finds %s', async (_, symbol, file) => {
    const [answer] = await ask([{ case: 'fileContainingSymbol', value: symbol }]);
    expect(fileNames(answer)[0]).toBe(file);
  });

  it('answers an unknown symbol with NOT_FOUND and goes on with the stream', async () => {
    const [unknown, known] = await ask([
      { case: 'fileContainingSymbol', value: 'troupe.v1.Nobody' },
      { case: 'fileContainingSymbol', value: 'troupe.v1.Pipeline' },
    ]);
    expect(unknown).toMatchObject({ case: 'errorResponse', value: { errorCode: Code.NOT_FOUND } });
    expect(fileNames(known)).toContain('troupe/v1/pipeline.proto');
  });

  it('sends all that is needed to rebuild the service', async () => {
    const [answer] = await ask([{ case: 'fileContainingSymbol', value: 'troupe.v1.OrchestratorService' }]);
    const files = new Map(filesIn(answer).map((file) => [file.name, file]));
    const importsFirst = (name: string): string[] => [
      ...files.get(name)!.dependency.flatMap(importsFirst),
      name,
    ];
    const order = new Set(importsFirst('troupe/v1/orchestrator_service.proto'));
    const set = create(FileDescriptorSetSchema, { file: [...order].map((name) => files.get(name)!) });
    const rebuilt = createFileRegistry(set).getService('troupe.v1.OrchestratorService');
    expect(rebuilt?.methods.map((method) => method.name)).toEqual(
      OrchestratorService.methods.map((m) => m.name),
    );
  });
});

describe('file_by_filename', () => {
  it('finds a file by the name under which others import it', async () => {
    const [answer] = await ask([{ case: 'fileByFilename', value: 'google/rpc/status.proto' }]);
    expect(fileNames(answer)).toEqual(['google/rpc/status.proto', 'google/protobuf/any.proto']);
  });

  it('sends imports once a stream, and always the file that was asked for', async () => {
    const query: Query = { case: 'fileByFilename', value: 'google/rpc/status.proto' };
    const [, again] = await ask([query, query]);
    expect(fileNames(again)).toEqual(['google/rpc/status.proto']);
  });

  it('answers an unknown name with NOT_FOUND', async () => {
    const [answer] = await ask([{ case: 'fileByFilename', value: 'troupe/v2/agent.proto' }]);
    expect(answer).toMatchObject({ case: 'errorResponse', value: { errorCode: Code.NOT_FOUND } });
  });
});

describe('extensions', () => {
  const file = create(FileDescriptorProtoSchema, {
    name: 'extended.proto',
    package: 'extended',
    dependency: ['google/protobuf/descriptor.proto'],
    options: create(FileOptionsSchema),
    extension: [
      {
        name: 'owner',
        number: 50_001,
        label: FieldDescriptorProto_Label.OPTIONAL,
        type: FieldDescriptorProto_Type.STRING,
        extendee: '.google.protobuf.FileOptions',
      },
    ],
  });
  const extended = createFileRegistry(file, () => file_google_protobuf_descriptor).getFile('extended.proto');
  if (!extended) throw new Error('The extended file is not in its registry.');
  const handlers = reflectionHandlers([], [extended]);
  const extension = (containingType: string, extensionNumber: number): Query => ({
    case: 'fileContainingExtension',
    value: { containingType, extensionNumber },
  });

  it('are found by type and number', async () => {
    const [answer] = await ask([extension('google.protobuf.FileOptions', 50_001)], handlers);
    expect(fileNames(answer)[0]).toBe('extended.proto');
  });

  it('are counted by type', async () => {
    const [answer] = await ask(
      [{ case: 'allExtensionNumbersOfType', value: 'google.protobuf.FileOptions' }],
      handlers,
    );
    expect(answer).toEqual({
      case: 'allExtensionNumbersResponse',
      value: { baseTypeName: 'google.protobuf.FileOptions', extensionNumber: [50_001] },
    });
  });

  it.each<[string, Query]>([
    ['an unknown number', extension('google.protobuf.FileOptions', 50_002)],
    ['an unknown type', extension('extended.Nobody', 50_001)],
    ['the numbers of an unknown type', { case: 'allExtensionNumbersOfType', value: 'extended.Nobody' }],
  ])('answer NOT_FOUND for %s', async (_, query) => {
    expect((await ask([query], handlers))[0]).toMatchObject({
      case: 'errorResponse',
      value: { errorCode: Code.NOT_FOUND },
    });
  });
});

describe('a stream', () => {
  it('that asks for nothing does not hold up a drain: it ends UNAVAILABLE', async () => {
    const server = new AbortController();
    async function* silence() {
      await new Promise(() => {});
      yield create(ServerReflectionRequestSchema);
    }
    const context = testContext({ draining: server.signal });
    const answers = reflection.v1.serverReflectionInfo(silence(), context)[Symbol.asyncIterator]();
    const next = answers.next();
    server.abort();
    await expect(next).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });
});

describe('a request', () => {
  it('that asks for nothing is answered with INVALID_ARGUMENT', async () => {
    expect((await ask([{ case: undefined }]))[0]).toMatchObject({
      case: 'errorResponse',
      value: { errorCode: Code.INVALID_ARGUMENT },
    });
  });

  it('comes back with its answer, in v1alpha as in v1', async () => {
    const request = create(RequestAlphaSchema, {
      host: 'here',
      messageRequest: { case: 'fileContainingSymbol', value: 'grpc.health.v1.Health' },
    });
    async function* requests() {
      yield request;
    }
    const responses = reflection.v1alpha.serverReflectionInfo(requests(), testContext());
    const { value } = await responses[Symbol.asyncIterator]().next();
    expect(value).toMatchObject({ validHost: 'here', originalRequest: request });
    expect(fileNames(value.messageResponse)).toEqual(['grpc/health/v1/health.proto']);
  });
});
