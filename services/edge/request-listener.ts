import { ConnectError, createConnectRouter, createContextValues } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import { jsonRegistry } from '../protocol/json-door.ts';
import { READ_OPTIONS } from '../rpc/codec.ts';
import type { Limits } from '../rpc/limits.ts';
import type { OpenCalls } from '../rpc/open-calls.ts';
import { requestBytes } from '../rpc/request-bytes.ts';
import type { ServiceBinding } from '../rpc/service-binding.ts';
import { checkOrigin, PREFLIGHT_HEADERS } from './cors.ts';
import { checkQuery } from './get-query.ts';
import { peerKey } from './http-call.ts';
import type { HttpListener, HttpRequest, HttpResponse } from './http-server.ts';
import { explain, foreignOrigin, noSuchMethod, type Refusal } from './refusal.ts';
import { settleTarget } from './request-target.ts';
import { servedByConnect } from './serve-method.ts';
import { capTimeouts } from './timeout.ts';
import { Turns } from './turns.ts';

/** What a listener needs to answer requests. */
export interface ListenerOptions {
  services: readonly ServiceBinding[];
  calls: OpenCalls;
  allowedOrigins: readonly string[];
  /** What it grants its peers at most. */
  limits: Limits;
  writeMaxBytes: number;
}

/** What curl says of `-d`, and browsers of forms. */
const FORM = 'application/x-www-form-urlencoded';

/** Answers HTTP requests: whom it may talk to, `/healthz`, then the method that the path names. */
export function requestListener(options: ListenerOptions): HttpListener {
  const { services, calls, allowedOrigins } = options;
  const methods = connectMethods(options);
  const turns = new Turns();

  async function answer(request: HttpRequest, response: HttpResponse): Promise<void> {
    await turns.next();
    // It was given up: a flood of such requests costs little.
    if (isGivenUp(request, response)) return;
    const refusal = settleTarget(request);
    if (refusal) return refuse(response, refusal);
    const path = request.url?.split('?', 1)[0] ?? '/';
    const cors = checkOrigin(request.headers, allowedOrigins);
    if (cors.kind === 'refused') return refuse(response, foreignOrigin(cors.origin));
    if (cors.kind === 'allowed') {
      for (const [name, value] of Object.entries(cors.headers)) response.setHeader(name, value);
      if (request.method === 'OPTIONS') return void response.writeHead(204, PREFLIGHT_HEADERS).end();
    }
    if (path === '/healthz') return tellHealth(response, !calls.draining.aborted);
    const method = methods.get(path);
    if (!method) {
      const known = services.map(({ service }) => service);
      return refuse(response, noSuchMethod(path, known));
    }
    await call(method, request, response);
  }

  return (request, response) => {
    answer(request, response).catch((reason) => {
      const { message } = ConnectError.from(reason);
      if (response.headersSent || isGivenUp(request, response))
        return calls.log.debug({ error: message }, 'an answer was not taken');
      calls.log.error({ error: message }, 'a request could not be answered');
      refuse(response, { status: 500, code: 'internal', message: 'The request could not be answered.' });
    });
  };
}

/** Every method by its path, in the protocols Connect, gRPC-Web and gRPC. */
function connectMethods({ services, calls, limits, writeMaxBytes }: ListenerOptions) {
  const router = createConnectRouter({
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: limits.messageBytes,
    writeMaxBytes,
    binaryOptions: READ_OPTIONS,
    // A field that is not known is a slip of the hand, which curl's user has to hear of.
    jsonOptions: { ...READ_OPTIONS, registry: jsonRegistry, ignoreUnknownFields: false },
  });
  for (const { service, handlers } of services) {
    for (const method of service.methods) {
      const served = servedByConnect(method, handlers[method.localName], calls);
      router.rpc(method, served, { readMaxBytes: requestBytes(method, limits) });
    }
  }
  return new Map(router.handlers.map((method) => [method.requestPath, method]));
}

async function call(method: UniversalHandler, request: HttpRequest, response: HttpResponse): Promise<void> {
  const { remoteAddress, remotePort } = request.socket;
  const values = createContextValues().set(peerKey, `${remoteAddress}:${remotePort}`);
  const universal = universalRequestFromNodeRequest(request, response, undefined, values);
  const fault = universal.method === 'GET' ? checkQuery(universal.url) : undefined;
  if (fault) return refuse(response, fault);
  capTimeouts(universal.header);
  // `curl -d '{…}'` shall do. A browser says where its page comes from, and may not leave the type out to
  // avoid a preflight.
  const isForm = universal.header.get('content-type') === FORM && !universal.header.has('origin');
  if (isForm && method.method.methodKind === 'unary')
    universal.header.set('content-type', 'application/json');
  const answer = await method(universal);
  const refusal = answer.body === undefined ? explain(answer.status, method) : undefined;
  if (refusal) refuse(response, refusal);
  else await universalResponseToNodeResponse(answer, response);
}

/** Whether nobody waits for the answer any more. */
function isGivenUp(request: HttpRequest, response: HttpResponse): boolean {
  return request.aborted || response.destroyed || ('stream' in request && request.stream.destroyed);
}

function tellHealth(response: HttpResponse, serving: boolean): void {
  response.writeHead(serving ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ status: serving ? 'SERVING' : 'NOT_SERVING' }));
}

function refuse(response: HttpResponse, { status, code, message, close }: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json', ...(close && { connection: 'close' }) });
  response.end(`${JSON.stringify({ code, message })}\n`);
}
