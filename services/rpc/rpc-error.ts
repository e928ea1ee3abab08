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
   * Anything thrown, as an RpcError: one stays itself, an AbortSignal's reason becomes CANCELLED or
   * DEADLINE_EXCEEDED, and whatever else becomes UNKNOWN with its text.
   */
  static from(thrown: unknown): RpcError {
    if (thrown instanceof RpcError) return thrown;
    if (thrown instanceof Error) return new RpcError(codeOf(thrown), thrown.message, [], { cause: thrown });
    // Not String(): that throws on an object without a prototype.
    const text = typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 1, breakLength: Infinity });
    return new RpcError(Code.UNKNOWN, text, [], { cause: thrown });
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

function codeOf(error: Error): Code {
  if (error.name === 'AbortError') return Code.CANCELLED;
  if (error.name === 'TimeoutError') return Code.DEADLINE_EXCEEDED;
  return Code.UNKNOWN;
}
