import { Command, CommanderError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { Code } from '../rpc/code.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { unlessAborted } from '../rpc/unless-aborted.ts';
import type { Act, Work } from './act.ts';
import { addAgent } from './commands/agent.ts';
import { addAgents } from './commands/agents.ts';
import { addBroadcast } from './commands/broadcast.ts';
import { addDescribe } from './commands/describe.ts';
import { addDispatch } from './commands/dispatch.ts';
import { addExplain } from './commands/explain.ts';
import { addHealth } from './commands/health.ts';
import { addRun } from './commands/run.ts';
import { addSend } from './commands/send.ts';
import { addState } from './commands/state.ts';
import { addTail } from './commands/tail.ts';
import { addUp } from './commands/up.ts';
import { addVerify } from './commands/verify.ts';
import { EXIT_CODE_MEANINGS, ExitCode, exitCodeOf } from './exit-code.ts';
import { parseDuration } from './input/duration.ts';
import { addressValue } from './input/option-values.ts';
import { errorText } from './print/error-text.ts';
import { OUTPUT_FORMATS, Output, type OutputFormat } from './print/output.ts';
import { Printer } from './print/printer.ts';
import { DEFAULT_ORCHESTRATOR, Session } from './session.ts';
import type { Terminal } from './terminal.ts';

/** What the options say that every command takes. */
interface GlobalOptions {
  orchestrator?: string;
  timeout?: number;
  output: OutputFormat;
}

/** What to do where nobody answers a command that asks no orchestrator. */
const UNANSWERED: Readonly<Record<string, string>> = {
  verify: '"troupe verify HOST:PORT" asks an agent that runs, "troupe verify -- COMMAND" one that it starts.',
};

/** The command `troupe`: runs what `args` say, and answers how it ended. It never throws. */
export async function troupe(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const stdout = new Printer(terminal.stdout, terminal.env);
  const exitCode = await carryOut(args, terminal);
  // Nobody waits for a reader that has stopped to read, once Ctrl-C was pressed.
  const { interrupted } = terminal;
  if (!interrupted.aborted) await unlessAborted(interrupted, () => stdout.flush()).catch(() => {});
  if (!stdout.failure) return exitCode;
  await explain(unwritten(stdout.failure), terminal);
  return exitCode === ExitCode.OK ? ExitCode.FAILED : exitCode;
}

async function carryOut(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.OK;
  let unanswered: string | undefined;
  const act: Act =
    <A extends unknown[]>(work: Work<A>) =>
    async (...given) => {
      const command = given.pop() as Command;
      unanswered = UNANSWERED[command.name()];
      const { output: format, ...options } = command.optsWithGlobals<GlobalOptions>();
      const orchestrator = options.orchestrator ?? orchestratorOf(terminal, command);
      const output = new Output(terminal, format);
      const session = new Session({ ...options, orchestrator }, output, terminal);
      try {
        exitCode = (await work(session, ...(given as A))) ?? ExitCode.OK;
      } catch (error) {
        // Whoever read the data has seen enough (`| head`), or it cannot be written: what follows from that is no news.
        if (!output.stdout.closed.aborted) throw error;
      } finally {
        session.troupe.close();
      }
    };
  try {
    await makeProgram(act, terminal).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    return explain(thrown, terminal, unanswered);
  }
}

function unwritten(cause: Error): RpcError {
  const text = `Standard output cannot be written: ${cause.message}. What is missing there is lost.`;
  return new RpcError(Code.DATA_LOSS, text, [], { cause });
}

/** Tells what went wrong, unless commander did, and answers the exit code for it. */
async function explain(thrown: unknown, terminal: Terminal, unanswered?: string): Promise<ExitCode> {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
  if (terminal.interrupted.aborted) return ExitCode.CANCELLED;
  const error = RpcError.from(thrown);
  const stderr = new Printer(terminal.stderr, terminal.env);
  await stderr.line(errorText(error, stderr, unanswered));
  return exitCodeOf(error);
}

function orchestratorOf({ env }: Terminal, command: Command): string {
  const text = env.TROUPE_ORCHESTRATOR;
  if (!text) return DEFAULT_ORCHESTRATOR;
  try {
    return addressValue(text);
  } catch (error) {
    return command.error(`error: TROUPE_ORCHESTRATOR: ${(error as Error).message}`);
  }
}

function makeProgram(act: Act, terminal: Terminal): Command {
  const stdout = new Printer(terminal.stdout, terminal.env);
  const stderr = new Printer(terminal.stderr, terminal.env);
  const program = new Command('troupe')
    .description('A mesh of specialised agents over gRPC: start it, ask it, watch it.')
    .version(packageJson.version, '-V, --version', 'Show the version.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => stdout.columns,
      getErrHelpWidth: () => stderr.columns,
      getOutHasColors: () => stdout.coloured,
      getErrHasColors: () => stderr.coloured,
    })
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => stdout.paint('bold', title) })
    .addOption(
      new Option(
        '-O, --orchestrator <host:port>',
        `Where the orchestrator is (default: TROUPE_ORCHESTRATOR, or ${DEFAULT_ORCHESTRATOR}).`,
      ).argParser(addressValue),
    )
    .addOption(
      new Option('--timeout <time>', 'How long it may take: 500ms, 5s, 2m.').argParser(parseDuration),
    )
    .addOption(
      new Option(
        '-o, --output <format>',
        'How data is written: one JSON document, or for streams one a line.',
      )
        .choices(OUTPUT_FORMATS)
        .default('text'),
    )
    .addHelpText('after', `\n${exitCodes()}`);
  for (const add of [addUp, addAgent, addAgents, addDescribe, addHealth, addTail])
    add(program.commandsGroup('The mesh:'), act);
  for (const add of [addDispatch, addSend, addExplain, addBroadcast, addRun])
    add(program.commandsGroup('Work:'), act);
  addState(program.commandsGroup('What agents share:'), act);
  addVerify(program.commandsGroup('For authors of agents:'), act);
  return program;
}

function exitCodes(): string {
  const lines = Object.entries(EXIT_CODE_MEANINGS).map(
    ([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`,
  );
  return ['Exit codes:', ...lines].join('\n');
}
