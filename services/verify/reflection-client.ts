import { create, createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import {
  ServerReflection,
  type ServerReflectionRequest,
} from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import type { Channel } from '../rpc/channel.ts';
import { createClient } from '../rpc/client.ts';
import type { Deadline } from '../rpc/deadline.ts';
import { breach } from './breach.ts';

/** The two versions of server reflection; they differ in nothing but their names. */
export type ReflectionVersion = 'v1' | 'v1alpha';

const SERVICES = {
  v1: ServerReflection,
  v1alpha: ServerReflectionAlpha as unknown as typeof ServerReflection,
};

type Query = Exclude<ServerReflectionRequest['messageRequest'], { case: undefined }>;

/** The full names of the services that a server lists. */
export async function listServices(
  channel: Channel,
  version: ReflectionVersion,
  deadline: Deadline,
): Promise<string[]> {
  const answer = await ask(channel, version, { case: 'listServices', value: '' }, deadline);
  if (answer.case !== 'listServicesResponse') throw unexpected('a list of its services', answer);
  return answer.value.service.map(({ name }) => name);
}

/**
 * The file of a symbol with all that it imports, as a tool such as grpcurl gathers them: what the server
 * leaves out of its first answer is asked for by name.
 */
export async function describeSymbol(
  channel: Channel,
  version: ReflectionVersion,
  symbol: string,
  deadline: Deadline,
): Promise<FileRegistry> {
  const files = new Map<string, FileDescriptorProto>();
  const missing: Query[] = [{ case: 'fileContainingSymbol', value: symbol }];
  for (let query = missing.pop(); query; query = missing.pop()) {
    if (query.case === 'fileByFilename' && files.has(query.value)) continue;
    const answer = await ask(channel, version, query, deadline);
    if (answer.case !== 'fileDescriptorResponse') throw unexpected(`the file of ${query.value}`, answer);
    const came = answer.value.fileDescriptorProto.map((bytes) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
    for (const file of came) files.set(file.name, file);
    if (query.case === 'fileByFilename' && !files.has(query.value)) {
      throw breach(
        `asked for ${query.value}, it answered ${came.map(({ name }) => name).join(', ') || 'no file'}`,
      );
    }
    for (const name of came.flatMap(({ dependency }) => dependency)) {
      if (!files.has(name)) missing.push({ case: 'fileByFilename', value: name });
    }
  }
  return createFileRegistry(create(FileDescriptorSetSchema, { file: inOrder(files) }));
}

async function ask(channel: Channel, version: ReflectionVersion, query: Query, deadline: Deadline) {
  const client = createClient(SERVICES[version], channel);
  async function* requests() {
    yield { messageRequest: query };
  }
  for await (const { messageResponse } of client.serverReflectionInfo(requests(), { deadline })) {
    return messageResponse;
  }
  throw breach('the reflection stream ended without an answer');
}

function unexpected(wanted: string, answer: { case: string | undefined; value?: unknown }): Error {
  const { errorMessage } = (answer.value ?? {}) as { errorMessage?: string };
  return breach(`asked for ${wanted}, it answered ${errorMessage ?? answer.case ?? 'nothing'}`);
}

/** Files with their imports before them, as a registry wants them. */
function inOrder(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const visited = new Set<string>();
  const add = (name: string) => {
    const file = files.get(name);
    if (!file || visited.has(name)) return;
    visited.add(name);
    for (const imported of file.dependency) add(imported);
    ordered.add(file);
  };
  for (const name of files.keys()) add(name);
  return [...ordered];
}
