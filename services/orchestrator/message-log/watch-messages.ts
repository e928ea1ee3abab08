import type { MessageRecord } from '../../../gen/troupe/v1/message_record_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import { Feed } from '../../rpc/feed.ts';
import { describeRecord } from './describe-record.ts';
import type { LogRecord, MessageLog } from './message-log.ts';
import { matchesRecord, type RecordFilter, recordsThatMeet } from './record-filter.ts';

/** How many records a watcher may fall behind. Source: WatchMessages in the proto. */
const MAX_BEHIND = 1_024;

/** How many of the latest records a watch may begin with. Source: WatchMessagesRequest in the proto. */
const MAX_LAST = 1_000;

const SLOW_READER = `the reader fell ${MAX_BEHIND} records behind: read faster, or watch fewer messages`;

/** What is watched, and until when. */
export interface WatchMessagesOptions {
  /** Which records. Default: all. */
  filter?: RecordFilter | undefined;
  /** With how many of the latest of them to begin, at most 1,000. Default: 0. */
  last?: number;
  /** Ends the watch, with its reason. */
  signal: AbortSignal;
}

/**
 * The last records that meet the filter, the oldest first, and then each as it comes, until the signal aborts
 * or the reader stops. The watch begins with the call. A reader that falls 1,024 records behind ends with
 * SLOW_READER.
 */
export function watchMessages(log: MessageLog, options: WatchMessagesOptions): AsyncIterable<MessageRecord> {
  const { filter = {}, signal } = options;
  const feed = new Feed<MessageRecord>({
    limit: MAX_BEHIND,
    first: describeEach(latest(log, filter, options.last ?? 0)),
    signal,
    overflow: () => troupeError('SLOW_READER', SLOW_READER),
    onClose: () => unsubscribe(),
  });
  const unsubscribe = log.subscribe((record) => {
    if (matchesRecord(record, filter)) feed.push(describeRecord(record));
  });
  return feed;
}

/** The last records that meet the filter, the oldest first. */
function latest(log: MessageLog, filter: RecordFilter, count: number): LogRecord[] {
  const wanted = Math.min(count, MAX_LAST);
  const found: LogRecord[] = [];
  if (wanted === 0) return found;
  for (const record of recordsThatMeet(log.newestFirst(), filter)) {
    if (found.push(record) === wanted) break;
  }
  return found.reverse();
}

/** One after the other as they are read: with their payloads they may be large. */
function* describeEach(records: Iterable<LogRecord>): Generator<MessageRecord> {
  for (const record of records) yield describeRecord(record);
}
