import {
  constants,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { Deadline } from './deadline.ts';
import type { Limits } from './limits.ts';

const { NGHTTP2_REFUSED_STREAM, NGHTTP2_ENHANCE_YOUR_CALM } = constants;

const ignore = () => {};

/**
 * How many links a connection may have refused before it is ended: refusing costs the server more than asking costs
 * its peer.
 */
const MAX_REFUSED_LINKS = 100;

/** The links of one connection. */
interface LinkCount {
  open: number;
  refused: number;
}

/** Takes a stream that a peer opened. */
type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...more: unknown[]) => void;

/** What a guard has to know of the calls that come. */
export interface StreamRules {
  /** The paths of what goes both ways, for as long as both like. */
  readonly links: ReadonlySet<string>;
  /** Tells the caller, where that can still be told, that its request took too long. The stream is then reset. */
  tooLate(stream: ServerHttp2Stream): void;
  /** Mends what in the headers would be misunderstood. */
  mend?(headers: IncomingHttpHeaders): void;
}

/**
 * Stands before a server's own listener of streams, and keeps within the limits what peers may open: streams in all,
 * links on one connection, and calls whose request has not come whole. What is beyond is refused with
 * REFUSED_STREAM, which tells every client that no work was done; a request that takes too long is reset with
 * ENHANCE_YOUR_CALM.
 */
export function guardStreams(server: Http2Server, limits: Limits, rules: StreamRules): void {
  const listeners = server.listeners('stream') as StreamListener[];
  const links = new WeakMap<ServerHttp2Session, LinkCount>();
  let open = 0;
  let waiting = 0;

  function admitLink(stream: ServerHttp2Stream): boolean {
    const session = stream.session as ServerHttp2Session;
    const count = links.get(session) ?? { open: 0, refused: 0 };
    links.set(session, count);
    if (count.open >= limits.linksPerConnection) {
      if (++count.refused > MAX_REFUSED_LINKS) session.destroy(undefined, NGHTTP2_ENHANCE_YOUR_CALM);
      return false;
    }
    count.open++;
    stream.once('close', () => count.open--);
    return true;
  }

  function admitCall(stream: ServerHttp2Stream): boolean {
    if (waiting >= limits.waitingRequests) return false;
    waiting++;
    let whole = false;
    const arrived = () => {
      if (whole) return;
      whole = true;
      waiting--;
      alarm.cancel();
    };
    const alarm = Deadline.after(limits.requestMs).onExpired(() => {
      rules.tooLate(stream);
      stream.close(NGHTTP2_ENHANCE_YOUR_CALM);
    });
    stream.once('end', arrived).once('close', arrived);
    return true;
  }

  server.removeAllListeners('stream');
  server.on('stream', ((stream, headers, ...more) => {
    // A stream fails with its connection, and a failure that nobody listens to ends the process.
    stream.on('error', ignore);
    if (!stream.session) return;
    const admitted =
      open < limits.streamsInAll &&
      (rules.links.has(headers[':path'] ?? '') ? admitLink(stream) : admitCall(stream));
    if (!admitted) {
      if (!stream.destroyed) stream.close(NGHTTP2_REFUSED_STREAM);
      return;
    }
    open++;
    stream.once('close', () => open--);
    rules.mend?.(headers);
    for (const listener of listeners) listener.call(server, stream, headers, ...more);
  }) as StreamListener);
}
