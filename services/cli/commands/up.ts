import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Address, formatAddress, parseAddress } from '../../rpc/address.ts';
import { Code } from '../../rpc/code.ts';
import { drainTimeOf } from '../../rpc/drain-time.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Act } from '../act.ts';
import { readInputFile } from '../input/input-file.ts';
import { listenOrOffValue, listenValue } from '../input/option-values.ts';
import { orThrow } from '../input/yaml-mistakes.ts';
import { crewMesh } from '../mesh/crew-mesh.ts';
import { dialable } from '../mesh/dialable.ts';
import { freeAddress } from '../mesh/free-address.ts';
import { httpDoor } from '../mesh/http-door.ts';
import { LabelledOutput } from '../mesh/labelled-output.ts';
import { logLine } from '../mesh/log-line.ts';
import { type MeshFile, readMeshFile } from '../mesh/mesh-file.ts';
import { agentProcesses, ORCHESTRATOR_NAME, orchestratorProcess } from '../mesh/mesh-processes.ts';
import { Supervisor } from '../mesh/supervisor.ts';
import { whenReady } from '../mesh/when-ready.ts';
import { DEFAULT_ORCHESTRATOR, type Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';

/** What our own lines are labelled with, among those of the processes. */
const OWN_NAME = 'troupe';

/** How long a process gets to end at least, in milliseconds. */
const LEAST_GRACE_MS = 10_000;

/** Is read where no file is named. */
const DEFAULT_FILE = 'mesh.yaml';

/** `troupe up`: a whole mesh on this machine. */
export function addUp(program: Command, act: Act): void {
  program
    .command('up [mesh]')
    .summary('start an orchestrator and agents on this machine')
    .description(
      `Starts the mesh that a YAML file describes, ./${DEFAULT_FILE} where none is named, and where there is none the ` +
        'crew: reader, analyst, summarizer, illustrator and editor. What dies is started again; Ctrl-C ends all of it. ' +
        'TROUPE_LOG_LEVEL=info shows every call.',
    )
    .option('--listen <host:port>', 'Where the orchestrator listens; port 0 takes a free one.', listenValue)
    .option(
      '--http <host:port>',
      'Where JSON over HTTP is served, or "off" (default: TROUPE_HTTP; 127.0.0.1:8080 beside an orchestrator at its usual address).',
      listenOrOffValue,
    )
    .configureHelp({ showGlobalOptions: false })
    .hook('preAction', (_program, command) => {
      // Whoever says where the orchestrator is would expect it to listen there.
      if (command.optsWithGlobals().orchestrator === undefined) return;
      command.error('error: "up" starts an orchestrator of its own: --listen says where it listens.');
    })
    .action(act(up));
}

async function up(
  session: Session,
  file: string | undefined,
  options: { listen?: string; http?: string },
): Promise<undefined> {
  const { terminal, output, signal } = session;
  const mesh = await readMesh(file, terminal);
  const listen = await freeAddress(readListen(options.listen ?? mesh.orchestrator.listen));
  const address = dialable(listen);
  const agents = agentProcesses(mesh, address, terminal);

  const names = [OWN_NAME, ORCHESTRATOR_NAME, ...agents.map(({ name }) => name)];
  const { stdout, stderr } = terminal;
  const own = new LabelledOutput(stdout, names);
  const say = (line: string) => own.write(OWN_NAME, line);
  const asked = options.http ?? mesh.orchestrator.env.TROUPE_HTTP ?? terminal.env.TROUPE_HTTP;
  const http = await httpDoor(asked, address, say);
  const orchestrator = orchestratorProcess(mesh, { listen: formatAddress(listen), http }, terminal);
  const supervisor = new Supervisor({
    kill: terminal.kill,
    names,
    stdout,
    stderr,
    // A process that drains for longer is waited for.
    graceMs: Math.max(LEAST_GRACE_MS, drainTimeOf(terminal.env)),
    show: (line, name) => logLine(line, name, output.stderr),
  });
  const kill = () => void supervisor.kill();
  terminal.killed.addEventListener('abort', kill);

  async function start(): Promise<void> {
    const ready = await supervisor.start(orchestrator);
    await say(
      `The orchestrator listens at ${address}. In another terminal: troupe agents${optionFor(address)}`,
    );
    if (ready.http) await say(`JSON over HTTP is served at http://${ready.http}.`);
    await whenReady(new Map(agents.map((agent) => [agent.name, supervisor.start(agent)])), say);
    await say(`${readyText(agents.map(({ name }) => name))} Ctrl-C ends the mesh.`);
  }
  try {
    const stopped = aborted(signal);
    await Promise.race([start().then(() => stopped), stopped]);
    await say('Stopping. Ctrl-C again does not wait for what is in flight.');
  } finally {
    await supervisor.drain();
    terminal.killed.removeEventListener('abort', kill);
  }
  return undefined;
}

async function readMesh(file: string | undefined, { node, cwd }: Terminal): Promise<MeshFile> {
  const path = file ?? ((await isThere(resolve(cwd, DEFAULT_FILE))) ? DEFAULT_FILE : undefined);
  if (path === undefined) return crewMesh(node);
  const text = (await readInputFile(path, cwd)).toString('utf8');
  return orThrow(readMeshFile(text, { file: path, folder: dirname(resolve(cwd, path)), node }), 'The mesh');
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** An address that a mesh file or an option holds, and that was checked there. */
function readListen(text: string): Address {
  const address = parseAddress(text, { minPort: 0 });
  if ('violation' in address) throw new RpcError(Code.INVALID_ARGUMENT, `${address.violation}.`);
  return address;
}

function readyText(names: readonly string[]): string {
  if (names.length === 0) return 'No agents are in the file: others may join.';
  return `Ready: ${names.join(', ')}.`;
}

/** What has to be added to a command that asks this mesh, where it is not at the usual address. */
function optionFor(address: string): string {
  return address === DEFAULT_ORCHESTRATOR ? '' : ` -O ${address}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
