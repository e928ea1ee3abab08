import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Attachment, AttachmentSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Output } from '../print/output.ts';
import { oneLine } from '../print/printable.ts';
import { readInputFile } from './input-file.ts';
import { mediaTypeOf } from './media-type.ts';

/** Reads the files that travel with a message, each under its own name, with the media type that its ending says. */
export function readAttachments(
  paths: readonly string[],
  cwd: string,
): Promise<MessageInitShape<typeof AttachmentSchema>[]> {
  return Promise.all(
    paths.map(async (path) => ({
      name: basename(path),
      mediaType: mediaTypeOf(path),
      content: { case: 'data' as const, value: await readInputFile(path, cwd) },
    })),
  );
}

/** What is done with the documents that came back. */
export interface ReceiveOptions {
  /** The folder that they are written to; it is made where there is none. Default: they are only told of. */
  out?: string | undefined;
  /** The folder that `out` is relative to. */
  cwd: string;
}

/** Writes the documents that came with a result, and tells people of each: where it is, or how to get it. */
export async function receiveAttachments(
  attachments: readonly Attachment[],
  { out, cwd }: ReceiveOptions,
  output: Output,
): Promise<void> {
  const taken = new Set<string>();
  for (const attachment of attachments) {
    const { name, content } = attachment;
    const shown = oneLine(name, 80);
    if (content.case !== 'data') {
      await output.note(`${shown} is at ${content.value ? oneLine(content.value, 500) : 'no address'}`);
    } else if (out === undefined) {
      // In JSON its bytes are there already.
      if (output.format === 'text') {
        await output.note(`${shown} (${sizeOf(content.value)}) came along: --out FOLDER writes it`);
      }
    } else {
      const path = join(out, fileName(name, taken));
      await write(resolve(cwd, path), content.value);
      await output.note(`wrote ${path} (${sizeOf(content.value)})`);
    }
  }
}

/** A name that an agent chose, as that of a file in one folder: without a path, without what shells stumble over. */
function fileName(name: string, taken: Set<string>): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const bare = last
    .replace(/[\x00-\x1f\x7f<>:"|?*]/g, '_')
    .slice(0, 200)
    .toWellFormed();
  const safe = /^\.*$/.test(bare) ? 'attachment' : bare;
  let free = safe;
  for (let count = 2; taken.has(free); count++) free = `${count}-${safe}`;
  taken.add(free);
  return free;
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(resolve(file, '..'), { recursive: true });
    await writeFile(file, bytes);
  } catch (cause) {
    const text = `${file} cannot be written: ${(cause as Error).message}.`;
    throw new RpcError(Code.FAILED_PRECONDITION, text, [], { cause });
  }
}

function sizeOf({ byteLength }: Uint8Array): string {
  if (byteLength < 1024) return `${byteLength} bytes`;
  if (byteLength < 2 ** 20) return `${(byteLength / 1024).toFixed(1)} KiB`;
  return `${(byteLength / 2 ** 20).toFixed(1)} MiB`;
}
