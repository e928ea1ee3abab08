import type { HttpRequest } from './http-server.ts';
import { malformed, type Refusal } from './refusal.ts';

/** A URL as a target: whoever sends through a proxy, or is one, says all of it. */
const ABSOLUTE = /^https?:\/\/(?<host>[^/?#]*)(?<rest>[^#]*)/i;

/** Where a URL would go on, or a user's name end: what is on the other side is no host. */
const NOT_IN_HOST = /[\s/?#@\\]/;

/** The host of a request that names none, as HTTP/1.0 allows: nothing that is served depends on it. */
const NO_HOST = 'localhost';

/**
 * Brings what a request asks for into one form: its `url` is a path with a query, and its host one that a URL can have.
 * Where the target is a whole URL, the host is that URL's, whatever the header says. Answers why it is refused, where it
 * is. Source: RFC 9112, sections 3.2 and 3.2.2.
 */
export function settleTarget(request: HttpRequest): Refusal | undefined {
  if ('authority' in request) return refusalOf(request.authority);
  const { host: named = [] } = request.headersDistinct;
  if (named.length > 1) return malformed(`The request names ${named.length} hosts in its headers: name one.`);
  const [host = ''] = named;
  const refusal = host === '' ? undefined : refusalOf(host);
  if (refusal) return refusal;
  const target = ABSOLUTE.exec(request.url ?? '')?.groups;
  if (!target) {
    request.headers.host = host || NO_HOST;
    return undefined;
  }
  const { host: asked = '', rest = '' } = target;
  request.headers.host = asked;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  return refusalOf(asked);
}

function refusalOf(host: string): Refusal | undefined {
  if (!NOT_IN_HOST.test(host) && URL.canParse(`http://${host}`)) return undefined;
  return malformed(`"${host}" is no host: name the one that is called, as in "Host: localhost:8080".`);
}
