import { type Logger, pino } from 'pino';

export type { Logger };

/** How a process logs. */
export interface LogOptions {
  /** The least level that is written: trace, debug, info, warn, error, fatal or silent. Default: info. */
  level?: string;
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

/** A logger that writes nothing. */
export const silent: Logger = pino({ level: 'silent' });
