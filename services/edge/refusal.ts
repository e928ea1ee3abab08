import type { DescService } from '@bufbuild/protobuf';
import type { UniversalHandler } from '@connectrpc/connect/protocol';

/** Why a request reaches no method, in the form in which Connect tells errors. */
export interface Refusal {
  /** The HTTP status. */
  readonly status: number;
  /** Connect's name of a gRPC code. */
  readonly code: string;
  /** What is wrong, and what to do. */
  readonly message: string;
  /** Whether the connection is of no use for what the caller wants. */
  readonly close?: boolean;
}

/** The refusal of a path that is no method's. */
export function noSuchMethod(path: string, services: readonly DescService[]): Refusal {
  const [name, method] = path.slice(1).split('/', 2);
  const service = services.find(({ typeName }) => typeName === name);
  const message = service
    ? `${service.typeName} has no method "${method ?? ''}". It has: ${namesOf(service.methods)}.`
    : `There is nothing at "${path}". Methods are at /SERVICE/METHOD of: ${services.map((s) => s.typeName).join(', ')}.`;
  return { status: 404, code: 'unimplemented', message: message.slice(0, 1000).toWellFormed() };
}

/** The refusal of a request that is not what HTTP, or Connect, makes of one. */
export function malformed(message: string): Refusal {
  return { status: 400, code: 'invalid_argument', message: message.slice(0, 1000).toWellFormed() };
}

/** The refusal of a page of someone else's. */
export function foreignOrigin(origin: string): Refusal {
  const message = `Pages of "${origin.slice(0, 200).toWellFormed()}" may not call this server. Add the origin to TROUPE_HTTP_ORIGINS to allow it.`;
  return { status: 403, code: 'permission_denied', message };
}

/**
 * What Connect means by a status that it answers without a word; nothing where the status is no refusal of
 * its own.
 */
export function explain(status: number, { method }: UniversalHandler): Refusal | undefined {
  const name = `${method.parent.typeName}/${method.name}`;
  switch (status) {
    case 405: {
      const message = `${name} is called with POST.`;
      return { status, code: 'unimplemented', message };
    }
    case 415: {
      const message =
        method.methodKind === 'unary'
          ? `${name} takes the content types application/json, application/proto, application/grpc-web and application/grpc.`
          : `${name} is a stream: it takes the content types application/connect+json, application/connect+proto, application/grpc-web and application/grpc. "buf curl" and Connect's clients frame its messages.`;
      return { status, code: 'unknown', message };
    }
    case 505: {
      const message = `${name} is a stream both ways, which HTTP/1.1 cannot carry: call it over HTTP/2 (curl --http2-prior-knowledge).`;
      return { status, code: 'unimplemented', message, close: true };
    }
    default:
      return undefined;
  }
}

function namesOf(methods: DescService['methods']): string {
  return methods.map(({ name }) => name).join(', ');
}
