import type { MessageRecord } from '../../../gen/troupe/v1/message_record_pb.js';
import { fromPageToken, pageSize, takePage, toPageToken } from '../page.ts';
import { describeRecord } from './describe-record.ts';
import type { MessageLog } from './message-log.ts';
import { type RecordFilter, recordsThatMeet } from './record-filter.ts';

const LIST = 'messages';

/**
 * The most bytes of a page of more than one record, as they are counted in memory: there a character of text has two
 * bytes, and on the wire up to three, so that 2.5 MiB become 3.75 at most.
 */
const MAX_PAGE_BYTES = 2.5 * 1024 * 1024;

/** Which page of the log is asked for: the fields of a ListMessagesRequest. */
export interface MessagePageRequest {
  /** Which records. Default: all. */
  filter?: RecordFilter | undefined;
  /** How many records at most: 1 to 1,000. Default, and 0: 100. */
  pageSize?: number;
  /** The `nextPageToken` of the page before. Default, and empty: the first page. */
  pageToken?: string;
}

/** A page of the log: the fields of a ListMessagesResponse. */
export interface MessagePage {
  /** The records, newest first. */
  records: MessageRecord[];
  /** Asks for the next page, of older ones; empty where this is the last. */
  nextPageToken: string;
}

/**
 * A page of the records that meet the filter. Records that come meanwhile are on none of the pages after the
 * first. A page is cut short at 2.5 MiB. A token that no page gave is INVALID_MESSAGE.
 */
export function listMessages(log: MessageLog, request: MessagePageRequest): MessagePage {
  const before = fromPageToken(LIST, request.pageToken ?? '');
  const size = pageSize(request.pageSize ?? 0);
  const older = log.newestFirst(before === undefined ? undefined : Number(before));
  const found = recordsThatMeet(older, request.filter ?? {});
  const { page, more } = takePage(found, size, ({ bytes }) => bytes, MAX_PAGE_BYTES);
  const last = page.at(-1);
  return {
    records: page.map(describeRecord),
    nextPageToken: more && last ? toPageToken(LIST, String(last.sequence)) : '',
  };
}
