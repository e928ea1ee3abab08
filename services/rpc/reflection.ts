import { type AnyDesc, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import {
  ServerReflection,
  type ServerReflectionRequest,
} from '../../gen/grpc/reflection/v1/reflection_pb.js';
import {
  ServerReflection as ServerReflectionAlpha,
  type ServerReflectionRequest as ServerReflectionRequestAlpha,
} from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import type { CallContext } from './call-context.ts';
import { Code } from './code.ts';
import type { Handlers } from './handlers.ts';
import { RpcError } from './rpc-error.ts';
import { untilAborted } from './until-aborted.ts';

/** Both versions of server reflection, to be served side by side: newer tools ask v1, older ones v1alpha. */
export interface ReflectionHandlers {
  readonly v1: Handlers<typeof ServerReflection>;
  readonly v1alpha: Handlers<typeof ServerReflectionAlpha>;
}

/**
 * Server reflection, by which grpcurl, `buf curl` and their like learn the contract from a running server.
 *
 * @param services The services that the server lists; reflection itself is added.
 * @param extra Files that no service imports but that tools need, such as the types of error details.
 */
export function reflectionHandlers(
  services: readonly DescService[],
  extra: readonly DescFile[] = [],
): ReflectionHandlers {
  const listed = [...new Set([...services, ServerReflection, ServerReflectionAlpha])];
  const catalogue = new Catalogue([...listed.map((service) => service.file), ...extra]);

  async function* serverReflectionInfo<R extends Request>(
    requests: AsyncIterable<R>,
    { draining }: CallContext,
  ) {
    const sent = new Set<DescFile>();
    for await (const request of untilAborted(requests, draining)) {
      const messageResponse = answer(request.messageRequest, catalogue, listed, sent);
      yield { validHost: request.host, originalRequest: request, messageResponse };
    }
    // Tools with a window keep their stream open while they run: they must not hold up the drain.
    if (draining.aborted)
      throw new RpcError(Code.UNAVAILABLE, 'The server is shutting down. Ask again elsewhere.');
  }
  return { v1: { serverReflectionInfo }, v1alpha: { serverReflectionInfo } };
}

type Request = ServerReflectionRequest | ServerReflectionRequestAlpha;

function answer(
  query: Request['messageRequest'],
  catalogue: Catalogue,
  listed: readonly DescService[],
  sent: Set<DescFile>,
) {
  switch (query.case) {
    case 'listServices': {
      const service = listed.map(({ typeName }) => ({ name: typeName }));
      return { case: 'listServicesResponse' as const, value: { service } };
    }
    case 'fileByFilename':
      return fileResponse(catalogue.files.get(query.value), `file "${query.value}"`, sent);
    case 'fileContainingSymbol':
      return fileResponse(catalogue.symbols.get(query.value), `symbol "${query.value}"`, sent);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = query.value;
      const file = catalogue.extensions.get(containingType)?.get(extensionNumber);
      return fileResponse(file, `extension ${extensionNumber} of "${containingType}"`, sent);
    }
    case 'allExtensionNumbersOfType': {
      if (!catalogue.symbols.has(query.value)) return notFound(`type "${query.value}"`);
      const extensionNumber = [...(catalogue.extensions.get(query.value)?.keys() ?? [])];
      return {
        case: 'allExtensionNumbersResponse' as const,
        value: { baseTypeName: query.value, extensionNumber },
      };
    }
    default:
      return failure(
        Code.INVALID_ARGUMENT,
        'The request asks for nothing: set one field of message_request.',
      );
  }
}

/** The file and all that it imports. Imports go out once a stream; the file itself always, as some tools expect. */
function fileResponse(file: DescFile | undefined, what: string, sent: Set<DescFile>) {
  if (!file) return notFound(what);
  sent.delete(file);
  const files = withImports([file], sent);
  const fileDescriptorProto = files.map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: 'fileDescriptorResponse' as const, value: { fileDescriptorProto } };
}

function notFound(what: string) {
  return failure(Code.NOT_FOUND, `This server knows no ${what}.`);
}

function failure(errorCode: Code, errorMessage: string) {
  return { case: 'errorResponse' as const, value: { errorCode, errorMessage } };
}

/** The files and their imports that are not in `seen`, to which they are added. */
function withImports(files: readonly DescFile[], seen: Set<DescFile>): DescFile[] {
  return files.flatMap((file) => {
    if (seen.has(file)) return [];
    seen.add(file);
    return [file, ...withImports(file.dependencies, seen)];
  });
}

/** Where everything is that tools ask for by name. */
class Catalogue {
  /** Files by their names. */
  readonly files = new Map<string, DescFile>();
  /** The file of each symbol: services, methods, messages, fields, oneofs, enums, their values, extensions. */
  readonly symbols = new Map<string, DescFile>();
  /** The file of each extension, by the extended type and the field's number. */
  readonly extensions = new Map<string, Map<number, DescFile>>();

  constructor(files: readonly DescFile[]) {
    for (const file of withImports(files, new Set())) {
      // A DescFile's name has no extension; tools ask with it, as imports do.
      this.files.set(file.proto.name, file);
      for (const type of nestedTypes(file)) {
        for (const symbol of symbolsOf(type)) this.symbols.set(symbol, file);
        if (type.kind === 'extension') this.addExtension(type.extendee.typeName, type.number, file);
      }
    }
  }

  private addExtension(type: string, number: number, file: DescFile) {
    const known = this.extensions.get(type) ?? new Map<number, DescFile>();
    this.extensions.set(type, known.set(number, file));
  }
}

function symbolsOf(type: AnyDesc): string[] {
  switch (type.kind) {
    case 'service':
      return [type.typeName, ...type.methods.map(({ name }) => `${type.typeName}.${name}`)];
    case 'message':
      return [
        type.typeName,
        ...[...type.fields, ...type.oneofs].map(({ name }) => `${type.typeName}.${name}`),
      ];
    case 'enum': {
      // The values of an enum are its siblings, as in C++.
      const scope = type.typeName.slice(0, -type.name.length);
      return [type.typeName, ...type.values.map(({ name }) => scope + name)];
    }
    case 'extension':
      return [type.typeName];
    default:
      return [];
  }
}
