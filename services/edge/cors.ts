import type { IncomingHttpHeaders } from 'node:http';
import { cors } from '@connectrpc/connect';

/**
 * How long a browser may remember the answer to a preflight, in seconds: two hours, the most that Chrome
 * heeds.
 */
const MAX_AGE_S = 7200;

/** What a browser may send and see beside what the protocols need: the headers that traces travel in. */
const TRACE_HEADERS = ['traceparent', 'tracestate', 'baggage'];

/** What the door says to a request's origin. */
export type Cors =
  /** The request names none, as any client but a browser: there is nothing to say. */
  | { readonly kind: 'none' }
  /** The origin is not allowed. */
  | { readonly kind: 'refused'; readonly origin: string }
  /** The origin is allowed, and the answer has to say so with these headers. */
  | { readonly kind: 'allowed'; readonly headers: Readonly<Record<string, string>> };

/**
 * Decides on the origin that a browser names. One that is not allowed is refused rather than left
 * unanswered: a page of someone else's must neither read what a mesh says nor have it do anything.
 *
 * @param allowed Origins (`https://console.example.com`), or `*` for any.
 */
export function checkOrigin({ origin }: IncomingHttpHeaders, allowed: readonly string[]): Cors {
  if (origin === undefined) return { kind: 'none' };
  if (!allowed.includes(origin) && !allowed.includes('*')) return { kind: 'refused', origin };
  return {
    kind: 'allowed',
    headers: {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': cors.exposedHeaders.join(', '),
      vary: 'origin',
    },
  };
}

/** What the answer to a preflight says beside that. */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-methods': cors.allowedMethods.join(', '),
  'access-control-allow-headers': [...cors.allowedHeaders, ...TRACE_HEADERS].join(', '),
  'access-control-max-age': String(MAX_AGE_S),
};
