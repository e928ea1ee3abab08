import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MAX_MESSAGE_BYTES } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';

/**
 * Reads a file that the command line names, relative to `cwd`. NOT_FOUND where there is none, INVALID_ARGUMENT for what
 * cannot be read, MESSAGE_TOO_LARGE, before it is read, for what no message holds.
 */
export async function readInputFile(path: string, cwd: string): Promise<Buffer> {
  const file = resolve(cwd, path);
  try {
    const { size } = await stat(file);
    if (size > MAX_MESSAGE_BYTES) throw tooLarge(path, size);
    return await readFile(file);
  } catch (error) {
    throw error instanceof RpcError ? error : unreadable(path, file, error as NodeJS.ErrnoException);
  }
}

function tooLarge(path: string, size: number): RpcError {
  const most = `${(MAX_MESSAGE_BYTES / 2 ** 20).toFixed(2)} MiB`;
  const text = `"${path}" has ${(size / 2 ** 20).toFixed(2)} MiB: a message holds at most ${most}. Send less of it.`;
  return troupeError('MESSAGE_TOO_LARGE', text);
}

function unreadable(path: string, file: string, cause: NodeJS.ErrnoException): RpcError {
  if (cause.code === 'ENOENT') {
    return new RpcError(Code.NOT_FOUND, `There is no file "${path}": looked for ${file}.`, [], { cause });
  }
  const why = cause.code === 'EISDIR' ? 'it is a folder' : cause.message;
  return new RpcError(Code.INVALID_ARGUMENT, `"${path}" cannot be read: ${why}.`, [], { cause });
}
