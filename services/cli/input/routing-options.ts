import type { Command } from 'commander';
import type { RoutingOptions } from '../../client/task.ts';
import { labelValue } from './option-values.ts';

/** What the options say of the instance that a task goes to. */
export interface RoutingFlags {
  label?: Record<string, string>;
  affinity?: string;
  hedge?: boolean;
}

/** Adds the options that say which instance. */
export function addRouteOptions(command: Command): Command {
  return command
    .option('--label <key=value>', 'Only instances that have it. May stand several times.', labelValue)
    .option(
      '--affinity <key>',
      'Tasks of one key go to one instance, unless it is loaded more than the others.',
    );
}

/** Adds those, and the one that asks a second instance. */
export function addRoutingOptions(command: Command): Command {
  return addRouteOptions(command).option(
    '--hedge',
    'Ask a second instance as well where the first is slow; only where the capability is idempotent.',
  );
}

/** What those options say, as a task takes it. */
export function readRouting({ label: labels, affinity, hedge }: RoutingFlags): RoutingOptions {
  return {
    ...(labels && { labels }),
    ...(affinity !== undefined && { affinityKey: affinity }),
    ...(hedge && { hedge }),
  };
}
