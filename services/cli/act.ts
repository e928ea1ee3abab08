import type { ExitCode } from './exit-code.ts';
import type { Session } from './session.ts';

/** What a command does: parses, calls, prints. It answers how it ended, or nothing where all went well. */
export type Work<A extends unknown[]> = (session: Session, ...args: A) => Promise<ExitCode | undefined>;

/** Makes of a command's work an action for commander: the session is opened before it, and closed after it. */
export type Act = <A extends unknown[]>(work: Work<A>) => (...given: unknown[]) => Promise<void>;
