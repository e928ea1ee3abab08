import type { MessageRecord } from '../../../gen/troupe/v1/message_record_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import { Feed } from '../../rpc/feed.ts';
import { describeRecord } from './describe-record.ts';
import type { LogRecord, MessageLog } from './message-log.ts';
import { matchesRecord, type RecordFilter } from './record-filter.ts';

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
 * The last records that meet the filter, the oldest first, and then each as it comes, until the signal aborts or the
 * reader stops. The watch begins with the call. A reader that falls 1,024 records behind ends with SLOW_READER.
 */
export function watchMessages(log: MessageLog, options: WatchMessagesOptions): AsyncIterable<MessageRecord> {
  const { filter = {}, signal } = options;
  const feed = new Feed<MessageRecord>({
    limit: MAX_BEHIND,
    first: latest(log, filter, options.last ?? 0).map(describeRecord),
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
  for (const record of log.newestFirst()) {
    if (found.length >= wanted) break;
    if (matchesRecord(record, filter)) found.push(record);
  }
  return found.reverse();
}
