import { type Context, createContext, Script } from 'node:vm';

const script = new Script('work()');
let sandbox: Context | undefined;

/**
 * Does `work` on this thread, but for at most `limitMs` milliseconds: then V8 ends it wherever it is, and the answer is
 * `undefined`. For pure work whose length a stranger decides. It costs about half a millisecond of its own.
 */
export function withinTime<T>(limitMs: number, work: () => T): T | undefined {
  let done: T | undefined;
  sandbox ??= createContext();
  sandbox.work = () => {
    done = work();
  };
  try {
    script.runInContext(sandbox, { timeout: limitMs });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
  } finally {
    // The context outlives the call; what the work holds must not.
    delete sandbox.work;
  }
  return done;
}
