import { type Logger, pino } from 'pino';
import { Code } from './code.ts';
import { RpcError } from './rpc-error.ts';

export type { Logger };

/** How much a log tells, from all to nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of them. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How a process logs. */
export interface LogOptions {
  /** The least level that is written. Default: info. */
  level?: LogLevel;
  /** Fields that stand in every line: `{ agent: 'summarizer' }`. */
  base?: Record<string, string>;
  /** Where lines go: a file descriptor. Default: 2, so that standard output stays free for data. */
  fd?: number;
}

/**
 * A logger that writes one JSON object a line. Callers choose the fields; payloads and metadata are never
 * among them, because a log outlives the consent to see them.
 */
export function createLogger(options: LogOptions = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: options.base ?? {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: options.fd ?? 2, sync: true }),
  );
}

/**
 * The level that TROUPE_LOG_LEVEL names; `usual` where it is empty or unset. INVALID_ARGUMENT where it names none.
 */
export function logLevelOf(
  env: Readonly<Record<string, string | undefined>>,
  usual: LogLevel = 'info',
): LogLevel {
  const text = env.TROUPE_LOG_LEVEL || usual;
  const level = LOG_LEVELS.find((level) => level === text);
  if (level !== undefined) return level;
  const named = `"${text.slice(0, 100).toWellFormed()}"`;
  throw new RpcError(
    Code.INVALID_ARGUMENT,
    `TROUPE_LOG_LEVEL is ${named}: it must be one of ${LOG_LEVELS.join(', ')}.`,
  );
}

/** A logger that writes nothing. */
export const silent: Logger = pino({ level: 'silent' });
