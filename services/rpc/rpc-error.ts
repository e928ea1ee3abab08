import { inspect } from 'node:util';
import type { Message } from '@bufbuild/protobuf';
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { type Any, anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { type Status, StatusSchema } from '../../gen/google/rpc/status_pb.js';
import { Code, codeName } from './code.ts';

/**
 * The one error type of the mesh: a gRPC status. It is made once, where the failure is decided, goes up
 * untouched, and is written to the wire in one place (`status-details.ts`).
 */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  /** The code for machines. */
  readonly code: Code;
  /** The details, packed: `google.rpc.ErrorInfo`, `BadRequest`, `RetryInfo`, or a type of an agent's own. */
  readonly details: readonly Any[];

  constructor(code: Code, message: string, details: readonly Any[] = [], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  /**
   * Anything thrown, as an RpcError that can be sent: one stays itself, or loses what no status can hold; an
   * AbortSignal's reason becomes CANCELLED or DEADLINE_EXCEEDED, and whatever else becomes UNKNOWN with its text. It
   * never throws, whatever it is given.
   */
  static from(thrown: unknown): RpcError {
    try {
      if (thrown instanceof RpcError) return sendable(thrown);
      const isError = thrown instanceof Error;
      const text = textOf(isError ? thrown.message : thrown);
      return new RpcError(isError ? codeOf(thrown) : Code.UNKNOWN, text, [], { cause: thrown });
    } catch {
      // A getter or a proxy that throws itself. As a cause it would do so again, to whoever prints the error.
      return new RpcError(Code.UNKNOWN, 'what was thrown cannot be read');
    }
  }

  /** The error that a `google.rpc.Status` describes. */
  static fromStatus(status: Status): RpcError {
    const code = status.code in Code ? (status.code as Code) : Code.UNKNOWN;
    return new RpcError(code, status.message, status.details);
  }

  /** The error as a `google.rpc.Status`. */
  toStatus(): Status {
    return create(StatusSchema, { code: this.code, message: this.message, details: [...this.details] });
  }

  /** The first detail of the type `schema` that can be read, or nothing. */
  detail<T extends Message>(schema: GenMessage<T>): T | undefined {
    for (const any of this.details) {
      const unpacked = unpackDetail(any, schema);
      if (unpacked) return unpacked;
    }
    return undefined;
  }

  override toString(): string {
    return `${codeName(this.code)}: ${this.message}`;
  }
}

/** Packs a detail: `detail(ErrorInfoSchema, { reason: 'OVERLOADED' })`. */
export function packDetail<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, init));
}

/** A detail that is of the type `schema`; nothing of another one, or of one that is malformed: they come from anybody. */
export function unpackDetail<T extends Message>(any: Any, schema: GenMessage<T>): T | undefined {
  try {
    return anyUnpack(any, schema) as T | undefined;
  } catch {
    return undefined;
  }
}

/** The error itself, unless its author gave it what no status can hold: types do not bind every author. */
function sendable(error: RpcError): RpcError {
  const { code, message, details, cause } = error;
  const known = typeof code === 'number' && code in Code && code !== Code.OK;
  const packed = Array.isArray(details) ? details.filter(isPacked) : [];
  if (known && typeof message === 'string' && packed.length === details?.length) return error;
  return new RpcError(known ? code : Code.UNKNOWN, textOf(message), packed, { cause });
}

function isPacked(detail: Partial<Any> | null | undefined): boolean {
  return typeof detail?.typeUrl === 'string' && detail.value instanceof Uint8Array;
}

function textOf(thrown: unknown): string {
  // Not String(): that throws on an object without a prototype.
  return typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 1, breakLength: Infinity });
}

function codeOf(error: Error): Code {
  if (error.name === 'AbortError') return Code.CANCELLED;
  if (error.name === 'TimeoutError') return Code.DEADLINE_EXCEEDED;
  return Code.UNKNOWN;
}
