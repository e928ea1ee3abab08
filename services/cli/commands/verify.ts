import type { Command } from 'commander';
import { parseAddress } from '../../rpc/address.ts';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import {
  CHECKS,
  conformanceProbe,
  countVerdicts,
  type Outcome,
  PROBE_CAPABILITY,
  selectChecks,
  type Verdict,
  verify,
} from '../../verify/index.ts';
import type { Act } from '../act.ts';
import { ExitCode } from '../exit-code.ts';
import { addressValue, countValue, listValue } from '../input/option-values.ts';
import { pidProcess } from '../mesh/pid-process.ts';
import { startAgent } from '../mesh/start-agent.ts';
import { Output } from '../print/output.ts';
import { printable } from '../print/printable.ts';
import type { Printer, Style } from '../print/printer.ts';
import { row } from '../print/table.ts';
import type { Session } from '../session.ts';

interface VerifyFlags {
  list?: boolean;
  probe?: boolean;
  json?: boolean;
  only?: string[];
  pid?: number;
  address?: string;
}

/** How a verdict is written. */
const VERDICTS: Readonly<Record<Verdict, { text: string; style: Style }>> = {
  pass: { text: 'pass', style: 'green' },
  fail: { text: 'FAIL', style: ['red', 'bold'] },
  skipped: { text: 'skipped', style: 'yellow' },
};

const VERDICT_WIDTH = 'skipped'.length;
const ID_WIDTH = Math.max(...CHECKS.map(({ id }) => id.length));
/** What stands before the second line of a check. */
const INDENT = ' '.repeat(VERDICT_WIDTH + 2);

/** `troupe verify`: whether an agent keeps the contract. */
export function addVerify(program: Command, act: Act): void {
  program
    .command('verify [target...]')
    .usage('[options] HOST:PORT | [options] -- COMMAND...')
    .summary('hold an agent against the contract')
    .description(
      'Holds a running agent, in whatever language, against the contract, or one that it starts itself: that gets ' +
        'TROUPE_CONFORMANCE=1, by which it offers conformance.probe, and TROUPE_LISTEN. Exit code 1 where a check fails.',
    )
    .option('--list', 'Tell what is checked, and check nothing.')
    .option('--probe', 'Show conformance.probe as an agent has to offer it, with its schemas.')
    .option('--json', 'The same as -o json.')
    .option('--only <id>', 'A check, or a subject such as link; may stand several times.', listValue)
    .option('--pid <pid>', 'The process of the agent, to see how it drains: it ends.', countValue(2 ** 31))
    .option('--address <host:port>', 'Where COMMAND serves, if it does not say so.', addressValue)
    .action(act(verifyAgent));
}

async function verifyAgent(session: Session, target: string[], flags: VerifyFlags): Promise<ExitCode> {
  const output = flags.json ? new Output(session.terminal, 'json') : session.output;
  if (flags.list) return list(output, flags.only);
  if (flags.probe) return showProbe(output);
  const agent = await reach(session, target, flags);
  const outcomes: Outcome[] = [];
  try {
    const { address, process } = agent;
    const options = { address, ...(process && { process }), ...(flags.only && { only: flags.only }) };
    for await (const outcome of verify({ ...options, signal: session.signal })) {
      outcomes.push(outcome);
      await output.item({
        json: () => ({ ...outcome, ms: Math.round(outcome.ms) }),
        text: () => outcomeText(output.stdout, outcome),
      });
    }
  } finally {
    await agent.stop?.();
  }
  const { passed, failed, skipped } = countVerdicts(outcomes);
  await output.item({
    json: () => ({ passed, failed, skipped }),
    text: () => `\n${passed} passed, ${failed} failed, ${skipped} skipped`,
  });
  return failed > 0 ? ExitCode.FAILED : ExitCode.OK;
}

async function list(output: Output, only: readonly string[] | undefined): Promise<ExitCode> {
  for (const { id, rule } of selectChecks(only)) {
    await output.item({ json: () => ({ id, rule }), text: () => row(output.stdout, [id, rule], [ID_WIDTH]) });
  }
  return ExitCode.OK;
}

/** Text and JSON are the same here: it is to be copied. */
async function showProbe({ stdout }: Output): Promise<ExitCode> {
  const { description, input: input_schema, output: output_schema } = conformanceProbe;
  await stdout.line(
    JSON.stringify({ name: PROBE_CAPABILITY, description, input_schema, output_schema }, undefined, 2),
  );
  return ExitCode.OK;
}

/** The agent that the command line names: one that runs, or one that is started. */
async function reach(session: Session, target: readonly string[], { pid, address }: VerifyFlags) {
  const [first] = target;
  if (first === undefined) {
    throw new RpcError(Code.INVALID_ARGUMENT, 'Say what to verify: HOST:PORT, or -- COMMAND to start it.');
  }
  const isAddress = target.length === 1 && !('violation' in parseAddress(first));
  if (!isAddress) {
    if (pid === undefined) return startAgent(target, session, address);
    throw new RpcError(Code.INVALID_ARGUMENT, '--pid is for an agent that runs already: leave it out.');
  }
  const process = pid === undefined ? undefined : pidProcess(pid, session.terminal);
  return { address: addressValue(first), process, stop: undefined };
}

function outcomeText(printer: Printer, { id, rule, verdict, seen }: Outcome): string {
  const first = row(
    printer,
    [VERDICTS[verdict], { text: id, style: 'bold' }, rule],
    [VERDICT_WIDTH, ID_WIDTH],
  );
  const label = verdict === 'skipped' ? 'because' : 'seen';
  return `${first}\n${INDENT}${printer.paint('dim', `${label}:`)} ${printable(seen)}`;
}
