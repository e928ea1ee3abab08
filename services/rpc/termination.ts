import type { Logger } from './log.ts';

/** The part of `process` that is needed to leave it well. */
export type Terminable = Pick<NodeJS.Process, 'on' | 'exit'>;

/** The signals that ask a process to leave. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * How long after the first signal another one still belongs to it, in milliseconds: a Ctrl-C in a terminal
 * reaches a process twice, straight and from the parent that hands it on.
 */
const SAME_REQUEST_MS = 500;

/**
 * Waits for SIGTERM or SIGINT, then drains and exits with code 0; a second request exits at once with code 1,
 * as does a failed drain. What nobody caught is logged: a rejection is survived, an exception ends the
 * process with code 1, as its state is unknown.
 */
export async function untilTerminated(
  process: Terminable,
  log: Logger,
  drain: () => Promise<void>,
): Promise<void> {
  process.on('unhandledRejection', (reason) => log.error({ err: reason }, 'a rejection was not handled'));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an exception was not caught');
    process.exit(1);
  });
  const signal = await signalled(process);
  log.info({ signal }, 'draining');
  const askedAt = performance.now();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (performance.now() - askedAt > SAME_REQUEST_MS) process.exit(1);
    });
  }
  try {
    await drain();
  } catch (error) {
    log.fatal({ err: error }, 'not drained');
    return process.exit(1);
  }
  log.info('drained');
  process.exit(0);
}

function signalled(process: Terminable): Promise<string> {
  return new Promise((resolve) => {
    for (const name of SIGNALS) process.on(name, () => resolve(name));
  });
}
