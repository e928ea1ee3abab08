import { create, type DescMethod, type MessageInitShape } from '@bufbuild/protobuf';
import type { HandlerContext, MethodImpl } from '@connectrpc/connect';
import { forJson } from '../protocol/json-door.ts';
import type { CallContext } from '../rpc/call-context.ts';
import type { OpenCalls } from '../rpc/open-calls.ts';
import { shortText } from '../rpc/short-text.ts';
import { MAX_STATUS_TEXT } from '../rpc/status-details.ts';
import { unlessAborted } from '../rpc/unless-aborted.ts';
import { untilAborted } from '../rpc/until-aborted.ts';
import { fromConnectError, toConnectError } from './connect-error.ts';
import { HttpCall } from './http-call.ts';

/** A handler as it is seen from here, where only the shape of its method is known: one answer, or many. */
type Handler<Answer> = (request: unknown, context: CallContext) => Answer;

/**
 * A handler of ours in the form that Connect calls: each call has its context and its line in the log, ends
 * when its signal aborts, and fails with code and details.
 */
export function servedByConnect(
  method: DescMethod,
  handler: unknown,
  calls: OpenCalls,
): MethodImpl<DescMethod> {
  const served =
    method.methodKind === 'unary'
      ? answerOnce(method, handler as Handler<unknown>, calls)
      : answerMany(method, handler as Handler<AsyncIterable<unknown>>, calls);
  return served as MethodImpl<DescMethod>;
}

function answerOnce(method: DescMethod, handler: Handler<unknown>, calls: OpenCalls) {
  return async (request: unknown, context: HandlerContext) => {
    const call = new HttpCall(method, context, calls);
    try {
      call.signal.throwIfAborted();
      const answer = await unlessAborted(call.signal, async () => handler(request, call));
      const ready = readyToSend(method, answer, call);
      call.end();
      return ready;
    } catch (thrown) {
      throw failed(call, thrown);
    }
  };
}

function answerMany(method: DescMethod, handler: Handler<AsyncIterable<unknown>>, calls: OpenCalls) {
  return async function* (request: unknown, context: HandlerContext) {
    const call = new HttpCall(method, context, calls);
    try {
      call.signal.throwIfAborted();
      for await (const answer of untilAborted(handler(request, call), call.signal)) {
        yield readyToSend(method, answer, call);
      }
      call.signal.throwIfAborted();
      call.end();
    } catch (thrown) {
      throw failed(call, thrown);
    } finally {
      // A caller that goes away while an answer is written stops the iteration, and nothing is thrown.
      call.cancel();
      call.end(call.signal.reason);
    }
  };
}

/** The answer whole; as JSON can hold it, where that is what the caller wants. */
function readyToSend(method: DescMethod, answer: unknown, call: HttpCall) {
  const message = create(method.output, answer as MessageInitShape<typeof method.output>);
  if (!call.wantsJson) return message;
  return forJson(method.output, message, (what) => {
    if ('typeUrl' in what) {
      const typeUrl = shortText(what.typeUrl, MAX_STATUS_TEXT);
      call.log.warn({ typeUrl }, 'a detail of an unknown type is left out of JSON');
    } else {
      const messageId = shortText(what.messageId, MAX_STATUS_TEXT);
      call.log.warn({ messageId }, 'a payload that JSON does not have is left out');
    }
  });
}

/** Ends the call, and answers the failure in Connect's form. */
function failed(call: HttpCall, thrown: unknown) {
  const error = fromConnectError(thrown);
  call.end(error);
  return toConnectError(error);
}
