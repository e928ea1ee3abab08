import { type CallOptions as GrpcCallOptions, Metadata } from '@grpc/grpc-js';
import { Code } from './code.ts';
import { Deadline } from './deadline.ts';
import { RpcError } from './rpc-error.ts';
import type { StopSignal } from './stop-signal.ts';

/** What a caller may say about one call. */
export interface CallOptions {
  /** Cancels the call when it aborts; the call then fails with its reason, or CANCELLED. */
  signal?: StopSignal;
  /** When the answer must be there. Default: 30 s from now for a unary call, never for a stream. */
  deadline?: Deadline;
  /** Metadata to send along. */
  headers?: Readonly<Record<string, string>>;
}

/** How long a unary call may take whose caller does not say, in milliseconds: none waits for ever. */
const DEFAULT_UNARY_TIMEOUT_MS = 30_000;
/**
 * The longest deadline put on the wire, in milliseconds: grpc-js lets those over 24.8 days expire at once.
 */
const LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** The deadline of a unary call. */
export function unaryDeadline(options: CallOptions): Deadline {
  return options.deadline ?? Deadline.after(DEFAULT_UNARY_TIMEOUT_MS);
}

/** The metadata and options of a call in the form that grpc-js asks for. */
export function toGrpc(deadline: Deadline, options: CallOptions): [Metadata, GrpcCallOptions] {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.headers ?? {})) set(metadata, name, value);
  if (deadline === Deadline.never) return [metadata, {}];
  return [metadata, { deadline: Date.now() + Math.min(deadline.remainingMs, LONGEST_TIMEOUT_MS) }];
}

function set(metadata: Metadata, name: string, value: string): void {
  try {
    metadata.set(name, value);
  } catch (error) {
    const text = `The header ${JSON.stringify(name)} cannot be sent: ${RpcError.from(error).message}`;
    throw new RpcError(Code.INVALID_ARGUMENT, text, [], { cause: error });
  }
}
