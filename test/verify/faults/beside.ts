import { type DescService, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Health } from '../../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../../gen/grpc/reflection/v1/reflection_pb.js';
import { AgentService } from '../../../gen/troupe/v1/agent_service_pb.js';
import { Code } from '../../../services/rpc/code.ts';
import type { Handlers } from '../../../services/rpc/handlers.ts';
import { createHealth, ServingStatus } from '../../../services/rpc/health.ts';
import { reflectionHandlers } from '../../../services/rpc/reflection.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { bind } from '../../../services/rpc/server.ts';
import type { Fault } from '../faulty-agent.ts';

function health(seen: RegExp, spoiled: Partial<Handlers<typeof Health>>): Fault {
  return { seen, beside: [bind(Health, { ...createHealth().handlers, ...spoiled })] };
}

/** Reflection that lists `services`, and tells their files changed. */
function reflection(
  seen: RegExp,
  services: readonly DescService[],
  spoil: (file: FileDescriptorProto) => void = () => {},
): Fault {
  const { serverReflectionInfo } = reflectionHandlers(services).v1;
  const spoiled: Handlers<typeof ServerReflection> = {
    async *serverReflectionInfo(requests, context) {
      for await (const response of serverReflectionInfo(requests, context)) {
        const { messageResponse } = response;
        if (messageResponse?.case === 'fileDescriptorResponse') {
          const files = messageResponse.value.fileDescriptorProto ?? [];
          messageResponse.value.fileDescriptorProto = files.map((bytes) => {
            const file = fromBinary(FileDescriptorProtoSchema, bytes);
            spoil(file);
            return toBinary(FileDescriptorProtoSchema, file);
          });
        }
        yield response;
      }
    },
  };
  return { seen, beside: [bind(ServerReflection, spoiled)] };
}

/** Agents whose health or reflection is not what it should be. */
export const besideFaults: Record<string, () => Fault> = {
  'health.check': () => health(/NOT_SERVING/, { check: () => ({ status: ServingStatus.NOT_SERVING }) }),
  'health.check-unknown': () =>
    health(/answered SERVING/, { check: () => ({ status: ServingStatus.SERVING }) }),
  'health.watch': () => health(/without a status/, { async *watch() {} }),
  'health.watch-unknown': () =>
    health(/NOT_FOUND/, {
      // biome-ignore lint/correctness/useYield: it fails before it could.
      async *watch() {
        throw new RpcError(Code.NOT_FOUND, 'There is no such service.');
      },
    }),
  'health.list': () => health(/lists "other"/, { list: () => ({ statuses: { other: {} } }) }),

  'reflection.services': () => reflection(/Health/, [Health]),
  'reflection.service': () =>
    reflection(/for bidi_streaming Link.* it has nothing/, [AgentService], (file) => {
      for (const service of file.service)
        service.method = service.method.filter(({ name }) => name !== 'Link');
    }),
  'reflection.messages': () =>
    reflection(/AgentMessage lacks hops = 18/, [AgentService], (file) => {
      for (const message of file.messageType)
        message.field = message.field.filter(({ name }) => name !== 'hops');
    }),
};
