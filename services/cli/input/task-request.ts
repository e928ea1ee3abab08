import type { Command } from 'commander';
import type { TaskOptions } from '../../client/task.ts';
import type { JsonValue } from '../../protocol/value.ts';
import type { Session } from '../session.ts';
import { readAttachments } from './attachments.ts';
import { JSON_ARGUMENT, readJsonArgument } from './json-argument.ts';
import { listValue } from './option-values.ts';

/** What the options say that every command with a payload takes. */
export interface RequestOptions {
  data?: string;
  attach?: readonly string[];
  task?: string;
  correlation?: string;
}

/** Adds those options to a command. */
export function addRequestOptions(command: Command): Command {
  return command
    .option('-d, --data <json>', `The payload: ${JSON_ARGUMENT}. Without it: null.`)
    .option('--attach <file>', 'A document that travels with it. May stand several times.', listValue)
    .option('--task <text>', 'What is asked for, in free text.')
    .option(
      '--correlation <id>',
      'A name of your own for it, by which "troupe tail --correlation ID" finds it again.',
    );
}

/** The payload, and what else those options say of the message, its files read. */
export async function readRequest(
  options: RequestOptions,
  { terminal, taskBounds }: Session,
): Promise<[JsonValue, TaskOptions]> {
  const { data, attach = [], task, correlation } = options;
  const payload = data === undefined ? null : await readJsonArgument(data, '--data', terminal);
  const attachments = await readAttachments(attach, terminal.cwd);
  return [
    payload,
    {
      ...taskBounds,
      attachments,
      ...(task !== undefined && { task }),
      ...(correlation !== undefined && { correlationId: correlation }),
    },
  ];
}
