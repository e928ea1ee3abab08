import { PROBE_CAPABILITY } from '../agent/conformance-probe.ts';
import type { AgentProcess } from './agent-process.ts';
import type { Survey } from './survey.ts';

/** Something that a check cannot do without. */
export type Need =
  | 'card'
  | 'probe'
  | 'two-at-once'
  | 'limit'
  | 'input-check'
  | 'link'
  | 'no-link'
  | 'replies'
  | 'acknowledges'
  | 'health'
  | 'health-list'
  | 'reflection'
  | 'process';

/** How many tasks at once a limit may allow for the kit to fill it. */
const FILLABLE = 64;

type Lack = (survey: Survey, process: AgentProcess | undefined) => string | undefined;

/** Why a need is not met; nothing where it is. */
const LACKS: Readonly<Record<Need, Lack>> = {
  card: ({ card }) => (card ? undefined : 'Describe answers no card'),
  probe: ({ card }) =>
    card?.capabilities.some(({ name }) => name === PROBE_CAPABILITY)
      ? undefined
      : `the agent does not offer ${PROBE_CAPABILITY}: start it with TROUPE_CONFORMANCE=1`,
  'two-at-once': ({ card }) =>
    card?.maxConcurrency === 1 ? 'the agent works on one task at a time (max_concurrency: 1)' : undefined,
  limit: ({ card }) => {
    const limit = card?.maxConcurrency ?? 0;
    if (limit === 0) return 'the agent has no limit of its own (max_concurrency: 0)';
    return limit > FILLABLE ? `max_concurrency is ${limit}: the kit fills up to ${FILLABLE}` : undefined;
  },
  'input-check': ({ card }) =>
    card?.checksInput ? undefined : 'the agent leaves the check to the orchestrator (checks_input: false)',
  link: ({ card }) => (card?.servesLink ? undefined : 'the agent serves no Link (serves_link: false)'),
  'no-link': ({ card }) => (card?.servesLink ? 'the agent serves Link (serves_link: true)' : undefined),
  replies: ({ broadcast }) =>
    broadcast === 'acknowledges' ? 'the agent acknowledges broadcasts' : undefined,
  acknowledges: ({ broadcast }) => (broadcast === 'replies' ? 'the agent replies to broadcasts' : undefined),
  health: ({ health }) => (health ? undefined : 'the agent serves no grpc.health.v1'),
  'health-list': ({ healthList }) => (healthList ? undefined : 'the agent serves no grpc.health.v1 List'),
  reflection: ({ reflection }) => (reflection ? undefined : 'the agent serves no reflection'),
  process: (_, process) =>
    process ? undefined : 'the process is not known: give --pid, or let the kit start it (verify -- COMMAND)',
};

/** Why a check with these needs has to be skipped; nothing where all of them are met. */
export function lackOf(
  needs: readonly Need[],
  survey: Survey,
  process: AgentProcess | undefined,
): string | undefined {
  for (const need of needs) {
    const lack = LACKS[need](survey, process);
    if (lack !== undefined) return lack;
  }
  return undefined;
}
