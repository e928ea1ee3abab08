import type { AgentProcess } from './agent-process.ts';
import { breach } from './breach.ts';
import type { Check, Outcome, Verdict } from './check.ts';
import type { DrainRecord } from './drain-record.ts';
import { lackOf } from './needs.ts';
import { observeDrain } from './observe-drain.ts';
import { selectChecks } from './registry.ts';
import { seenIn } from './seen-in.ts';
import { survey } from './survey.ts';
import { Visit } from './visit.ts';

/** What is verified, and how. */
export interface VerifyOptions {
  /** Where the agent is, `host:port`. */
  address: string;
  /** Its process. Default: not known, so how it drains cannot be seen. */
  process?: AgentProcess;
  /** The checks to run, by id or subject. Default: all. */
  only?: readonly string[];
  /** How long what has to come is waited for, in milliseconds. Default: 5,000. */
  patienceMs?: number;
  /** When it aborts, the run ends at once: it fails with its reason. Default: never. */
  signal?: AbortSignal;
  /** How long one check may take, in milliseconds. Default: 30,000. */
  timeLimitMs?: number;
}

/**
 * Holds an agent against the contract, one check after the other, each over a connection of its own, and
 * tells the outcome of each as it is found. The agent should have nothing else to do meanwhile, and is gone
 * at the end where its process is known.
 *
 * Fails UNAVAILABLE or DEADLINE_EXCEEDED where nobody answers at the address, INVALID_ARGUMENT where `only`
 * names no check.
 */
export async function* verify(options: VerifyOptions): AsyncGenerator<Outcome, void> {
  const { address, process, only, signal, patienceMs = 5000, timeLimitMs = 30_000 } = options;
  const checks = selectChecks(only);
  const found = await survey(address);
  const visit = () => new Visit({ address, survey: found, patienceMs, drained });
  let drain: { visit: Visit; record: Promise<DrainRecord> } | undefined;
  const drained = () => {
    drain ??= startDrain(visit(), process);
    return drain.record;
  };
  try {
    for (const check of checks) {
      signal?.throwIfAborted();
      const lack = lackOf(check.needs ?? [], found, process);
      const outcome =
        lack === undefined ? await runCheck(check, visit(), timeLimitMs, signal) : skip(check, lack);
      signal?.throwIfAborted();
      yield outcome;
    }
  } finally {
    drain?.visit.close();
  }
}

function skip({ id, rule }: Check, seen: string): Outcome {
  return { id, rule, verdict: 'skipped', seen, ms: 0 };
}

/** Runs one check, and closes its visit after it. It never throws. */
async function runCheck(
  { id, rule, run }: Check,
  visit: Visit,
  timeLimitMs: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  const startedAt = performance.now();
  const found = (verdict: Verdict, seen: string) => ({
    id,
    rule,
    verdict,
    seen,
    ms: performance.now() - startedAt,
  });
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(breach(`no verdict within ${timeLimitMs} ms`)), timeLimitMs);
  const onAbort = () => reject(breach('the run was ended'));
  signal.addEventListener('abort', onAbort);
  try {
    return found('pass', await Promise.race([run(visit), stopped]));
  } catch (thrown) {
    return found('fail', seenIn(thrown));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    visit.close();
  }
}

/** Lets the agent drain. The visit stays open for as long as there is something to see. */
function startDrain(visit: Visit, process: AgentProcess | undefined) {
  if (!process) throw breach('the process is not known');
  return { visit, record: observeDrain(visit, process) };
}
