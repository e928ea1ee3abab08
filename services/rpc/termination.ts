import type { Logger } from './log.ts';

/** The part of `process` that is needed to leave it well. */
export type Terminable = Pick<NodeJS.Process, 'on' | 'exit'>;

/**
 * Waits for SIGTERM or SIGINT, then drains and exits with code 0; a second signal exits at once. What nobody caught is
 * logged: a rejection is survived, an exception ends the process with code 1, as its state is unknown.
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
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => resolve(name));
  });
  log.info({ signal }, 'draining');
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => process.exit(1));
  await drain();
  log.info('drained');
  process.exit(0);
}
