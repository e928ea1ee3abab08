import { fromBinary } from '@bufbuild/protobuf';
import { type ErrorInfo, ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { codeName } from '../../services/rpc/code.ts';
import type { DrivenMesh } from './driven-mesh.ts';
import { runTool } from './shell.ts';
import type { ToolName } from './tools.ts';

/** JSON as a test looks into it. */
// biome-ignore lint/suspicious/noExplicitAny: an assertion that looks into the wrong shape fails.
export type Json = any;

/** What a client answers of a call: the messages that came, or the error that ended it. */
export interface Answer {
  messages: Json[];
  /** The name of the code (`NOT_FOUND`) and the reason, where the call failed. */
  error?: { code: string; reason: string };
}

/** A way to call a method from the command line. */
export interface CommandLineClient {
  /** Its column of the matrix. */
  name: string;
  /** The tools that have to be there. */
  needs: readonly ToolName[];
  /** Which address of the mesh it calls. */
  door: 'grpc' | 'http';
  /** The command that calls `method` (`troupe.v1.AgentService/Handle`) at an address with a request. */
  command(address: string, method: string, request: string): string[];
}

/** No service imports the details of errors, so that whoever wants to read those has to name them too. */
const PROTOS = [
  'troupe/v1/agent_service.proto',
  'troupe/v1/orchestrator_service.proto',
  'troupe/v1/state_service.proto',
  'google/rpc/error_details.proto',
].flatMap((file) => ['-proto', file]);

/** The clients, each in every way in which it learns of the contract and reaches the mesh. */
export const CLIENTS: readonly CommandLineClient[] = [
  grpcurl('grpcurl, by reflection', []),
  grpcurl('grpcurl, from the proto', ['-import-path', 'proto', '-import-path', 'proto/vendor', ...PROTOS]),
  bufCurl('buf curl, gRPC', 'grpc', ['--protocol', 'grpc', '--http2-prior-knowledge']),
  bufCurl('buf curl, gRPC-Web', 'http', ['--protocol', 'grpcweb', '--schema', 'proto']),
  bufCurl('buf curl, Connect', 'http', ['--protocol', 'connect', '--schema', 'proto']),
];

function grpcurl(name: string, knows: readonly string[]): CommandLineClient {
  return {
    name,
    needs: ['grpcurl'],
    door: 'grpc',
    command: (address, method, request) => [
      ...['grpcurl', '-plaintext', '-format-error', ...knows],
      ...['-d', request, address, method],
    ],
  };
}

function bufCurl(name: string, door: 'grpc' | 'http', flags: readonly string[]): CommandLineClient {
  return {
    name,
    needs: [],
    door,
    command: (address, method, request) => [
      'buf',
      'curl',
      ...flags,
      '-d',
      request,
      `http://${address}/${method}`,
    ],
  };
}

/** Calls a method, and reads what the client prints; of an endless stream, until that meets `until`. */
export async function call(
  client: CommandLineClient,
  address: string,
  [method, request]: readonly [string, Json],
  until?: RegExp,
): Promise<Answer> {
  const command = client.command(address, `troupe.v1.${method}`, JSON.stringify(request));
  const { stdout, stderr, code } = await runTool(command, until);
  const messages = documents(stdout);
  if (until || code === 0) return { messages };
  return { messages, error: readError(stderr, code) };
}

/** Which of a mesh's addresses a client calls. */
export function doorOf(mesh: DrivenMesh, { door }: CommandLineClient): string {
  return mesh[door];
}

/** The JSON documents that stand one after the other in a text; both clients begin each in the first column. */
function documents(text: string): Json[] {
  return text
    .split(/^(?=\{)/m)
    .filter((document) => document.trimEnd().endsWith('}'))
    .map((document) => JSON.parse(document));
}

/** Both clients write an error as JSON, each in its own way: a number and JSON, or a name and bytes. */
function readError(stderr: string, exitCode: number | null): Answer['error'] {
  const from = stderr.indexOf('{');
  if (from < 0) throw new Error(`The client ended with ${exitCode}: ${stderr}`);
  const { code, details = [] } = JSON.parse(stderr.slice(from));
  const infos: ErrorInfo[] = details
    .filter((detail: Json) => /google\.rpc\.ErrorInfo$/.test(detail.type ?? detail['@type']))
    .map((detail: Json) =>
      detail.value ? fromBinary(ErrorInfoSchema, Buffer.from(detail.value, 'base64')) : detail,
    );
  return {
    code: typeof code === 'number' ? codeName(code) : code.toUpperCase(),
    reason: infos[0]?.reason ?? '',
  };
}
