import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.js';
import type { JsonValue } from '../../protocol/value.ts';
import { Code } from '../../rpc/code.ts';
import { packDetail, RpcError } from '../../rpc/rpc-error.ts';
import type { Terminal } from '../terminal.ts';
import { readInputFile } from './input-file.ts';
import { describeJsonError } from './json-error.ts';

/** How the help describes such an argument. */
export const JSON_ARGUMENT = 'JSON, @FILE, or @- for standard input';

/**
 * The JSON that an argument holds or names: `@file` is read from there, `@-` from standard input. INVALID_ARGUMENT,
 * with the place and how to quote, for what is none.
 *
 * @param name What mistakes call it: `--data`.
 */
export async function readJsonArgument(
  argument: string,
  name: string,
  terminal: Terminal,
): Promise<JsonValue> {
  const { text, source } = await read(argument, name, terminal);
  try {
    // Some editors begin a file with a byte order mark.
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw noJson({ text, source, argument }, error as SyntaxError);
  }
}

async function read(argument: string, name: string, { stdin, cwd, interrupted }: Terminal) {
  if (argument === '@-') {
    return { text: await readAll(addAbortSignal(interrupted, stdin)), source: 'standard input' };
  }
  if (argument.startsWith('@')) {
    const path = argument.slice(1);
    return { text: (await readInputFile(path, cwd)).toString('utf8'), source: path };
  }
  return { text: argument, source: name };
}

/** What to do where a shell took the quotes. */
const QUOTING = `In a shell, quote it: '{"text": "hello"}'; a text alone: '"hello"'; from a file: @payload.json`;

function noJson(
  { text, source, argument }: { text: string; source: string; argument: string },
  error: SyntaxError,
): RpcError {
  const { what, line, column, excerpt } = describeJsonError(text, error);
  const message =
    text.trim() === ''
      ? `${source} is empty: there is no JSON in it.`
      : `${source} is no JSON: ${what} at line ${line}, column ${column}.\n${excerpt}`;
  const fieldViolations = argument === text ? [{ field: '', description: QUOTING }] : [];
  const details = packDetail(BadRequestSchema, { fieldViolations });
  return new RpcError(Code.INVALID_ARGUMENT, message, [details], { cause: error });
}
