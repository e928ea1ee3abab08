import { once } from 'node:events';
import type { Command } from 'commander';
import { type RunningAgent, serveAgent } from '../../agent/index.ts';
import type { JsonObject } from '../../protocol/value.ts';
import { Code } from '../../rpc/code.ts';
import { commaList } from '../../rpc/comma-list.ts';
import { drainTimeOf } from '../../rpc/drain-time.ts';
import { createLogger, logLevelOf } from '../../rpc/log.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Act } from '../act.ts';
import { execAgent } from '../exec/exec-agent.ts';
import { parseDuration } from '../input/duration.ts';
import { readJsonArgument } from '../input/json-argument.ts';
import { countValue, labelValue, listenValue } from '../input/option-values.ts';
import { DEFAULT_ORCHESTRATOR, type Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';

interface AgentOptions {
  exec: string;
  name: string;
  capability: string;
  description?: string;
  inputSchema?: string;
  outputSchema?: string;
  idempotent?: boolean;
  ttl?: number;
  maxConcurrency: number;
  label?: Record<string, string>;
  listen?: string;
}

/** `troupe agent`: a program that knows nothing of the mesh, as a member of it. */
export function addAgent(program: Command, act: Act): void {
  program
    .command('agent')
    .summary('make a member of any program')
    .description(
      'Serves a program as an agent. It is run for each task: the payload is JSON on its standard input, the result ' +
        'JSON on its standard output. A line on its standard error is news of the task; an exit code other than 0 is ' +
        'its failure. When the task is cancelled or its time runs out, the program and all that it started are ended. ' +
        'TROUPE_TASK_ID, TROUPE_TIMEOUT_MS and TROUPE_TASK tell it of the task: what is long belongs into the payload. ' +
        'Attachments stay behind.',
    )
    .requiredOption('--exec <command>', 'What is run, as a shell reads it.')
    .requiredOption('--name <agent>', "The agent's id.")
    .requiredOption('--capability <name>', 'What it can do: text.count.')
    .option('--description <text>', 'What it does, for people and models.')
    .option('--input-schema <file>', 'JSON Schema that a payload has to meet before the program is run.')
    .option('--output-schema <file>', 'JSON Schema of the result, for readers.')
    .option('--idempotent', 'Doing the same task twice is harmless: it may be tried again.')
    .option('--ttl <time>', 'How long a task may take whose caller does not say.', parseDuration)
    .option(
      '--max-concurrency <n>',
      'How many programs run at once, more tasks wait; 0: no limit.',
      countValue(10_000),
      4,
    )
    .option('--label <key=value>', 'A label. May stand several times.', labelValue)
    .option(
      '--listen <host:port>',
      'Where the agent listens (default: a free port of 127.0.0.1).',
      listenValue,
    )
    .addHelpText(
      'after',
      "\nFor example:\n  troupe agent --exec 'wc -w | jq .' --name counter --capability text.count",
    )
    .action(act(serve));
}

async function serve(session: Session, options: AgentOptions): Promise<undefined> {
  const { terminal, output, signal } = session;
  const { env, cwd, kill } = terminal;
  const drainMs = drainTimeOf(env);
  const input = await readSchema(options.inputSchema, '--input-schema', terminal);
  const schema = await readSchema(options.outputSchema, '--output-schema', terminal);
  const { definition, stop } = execAgent({
    command: options.exec,
    name: options.name,
    capability: options.capability,
    ...(options.description !== undefined && { description: options.description }),
    ...(input && { input }),
    ...(schema && { output: schema }),
    ...(options.idempotent && { idempotent: true }),
    ...(options.ttl !== undefined && { defaultTtlMs: options.ttl }),
    ...(options.label && { labels: options.label }),
    maxConcurrency: options.maxConcurrency,
    cwd,
    env,
    kill,
  });
  const orchestrators = orchestratorsOf(session);
  const agent = await serveAgent(definition, {
    listen: options.listen ?? (env.TROUPE_LISTEN || undefined),
    advertise: env.TROUPE_ADVERTISE || undefined,
    instanceId: env.TROUPE_INSTANCE_ID || undefined,
    orchestrators,
    log: createLogger({ level: logLevelOf(env, 'warn'), base: { agent: options.name } }),
  });
  try {
    const { id, instanceId } = agent.card;
    const ready = { ready: true, address: agent.address, agent: id, instanceId };
    await output.stdout.line(JSON.stringify(ready));
    await output.note(
      `${id} serves ${options.capability}, and announces itself to ${orchestrators.join(', ')}.`,
    );
    if (!signal.aborted) await once(signal, 'abort');
    await leave(agent, drainMs, terminal);
  } finally {
    await agent.close();
    await stop();
  }
  return undefined;
}

/** Drains, until a second Ctrl-C. */
async function leave(agent: RunningAgent, drainMs: number, { killed }: Terminal): Promise<void> {
  if (killed.aborted) return;
  await Promise.race([agent.drain(drainMs), once(killed, 'abort')]);
}

/**
 * Where it announces itself: as an agent that `up` starts, to TROUPE_ORCHESTRATORS, unless one is named
 * otherwise.
 */
function orchestratorsOf({ orchestrator, terminal }: Session): string[] {
  const listed = commaList(terminal.env.TROUPE_ORCHESTRATORS);
  return orchestrator === DEFAULT_ORCHESTRATOR && listed.length > 0 ? listed : [orchestrator];
}

async function readSchema(
  file: string | undefined,
  name: string,
  terminal: Terminal,
): Promise<JsonObject | undefined> {
  if (file === undefined) return undefined;
  const schema = await readJsonArgument(`@${file}`, name, terminal);
  if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema;
  throw new RpcError(Code.INVALID_ARGUMENT, `${file} is no schema: a JSON Schema for ${name} is an object.`);
}
