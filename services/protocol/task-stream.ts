import { Feed } from '../rpc/feed.ts';
import { encodedSize } from './encoded.ts';
import { troupeError } from './reason.ts';
import type { TaskReply, TaskSink } from './task-sink.ts';

/** How many PROGRESS of one task may wait for its reader. */
export const MAX_WAITING_PROGRESS = 256;
/** How many bytes of them. */
export const MAX_WAITING_PROGRESS_BYTES = 1024 * 1024;

/**
 * The streaming door: works on a task and yields its PROGRESS as it comes and its RESULT last; its ERROR is
 * thrown. A reader that falls too far behind gets SLOW_READER. `work` is handed a signal that aborts when the
 * caller's does, when the reader leaves, and when it is too slow.
 */
export async function* streamOfTask(
  work: (sink: TaskSink, signal: AbortSignal) => void,
  callerSignal?: AbortSignal,
): AsyncGenerator<TaskReply, void> {
  const left = new AbortController();
  const via = { instanceId: '', attempt: 1 };
  const feed = new Feed<TaskReply>({
    limit: MAX_WAITING_PROGRESS,
    sizeLimit: MAX_WAITING_PROGRESS_BYTES,
    overflow: () => {
      const error = slowReader();
      left.abort(error);
      return error;
    },
  });
  const sink: TaskSink = {
    progress: (message) => void feed.push({ message, ...via }, encodedSize(message)),
    result: (message) => feed.end({ message, ...via }),
    error: (error) => feed.fail(error),
    routed: (instanceId, attempt) => Object.assign(via, { instanceId, attempt }),
  };
  work(sink, callerSignal ? AbortSignal.any([callerSignal, left.signal]) : left.signal);
  try {
    yield* feed;
  } finally {
    left.abort(troupeError('TASK_CANCELLED', 'The reader of the stream left before the task had ended.'));
  }
}

/** The error of a task whose reader does not keep up with its PROGRESS. */
export function slowReader() {
  return troupeError(
    'SLOW_READER',
    `More than ${MAX_WAITING_PROGRESS} PROGRESS of the task, or 1 MiB of them, waited to be read, so it was cancelled. ` +
      'Its caller has to read faster, or its agent to report less at once.',
  );
}
