import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { PipelineEvent, PipelineFinished } from '../../../gen/troupe/v1/pipeline_pb.js';
import { Troupe } from '../../client/index.ts';
import { durationToMs } from '../../protocol/ttl.ts';
import { fromValue } from '../../protocol/value.ts';
import { readPipelineFile } from '../input/pipeline-file.ts';
import { Supervisor } from '../mesh/supervisor.ts';
import type { Terminal } from '../terminal.ts';

/** The specialists that the demonstration starts; each has its folder in the crew. */
const CREW = ['reader', 'analyst', 'summarizer', 'illustrator', 'editor'] as const;
/** How long the whole pipeline may take, in milliseconds. */
const RUN_TIMEOUT_MS = 25_000;

/** What the demonstration runs with. */
export interface DemoOptions {
  /** The document: Markdown, HTML or plain text. */
  document: string;
  /** Where the brief is written. */
  output: string;
  /** The folder of the services. */
  services: string;
  /** The Node that runs them. */
  node: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Signals processes, as Node's `process.kill`. */
  kill: Terminal['kill'];
  stdout: Writable;
  stderr: Writable;
  /** Ends the demonstration early. */
  signal: AbortSignal;
}

/**
 * The demonstration: starts an orchestrator and the crew as processes on free ports, turns a document into a brief,
 * and stops everything. Fails where the document cannot be read, or as the pipeline does.
 */
export async function demo(options: DemoOptions): Promise<void> {
  const startedAt = performance.now();
  const say = (line: string) => void options.stdout.write(`${line}\n`);
  const document = await readFile(options.document);
  const supervisor = new Supervisor({
    kill: options.kill,
    names: ['orchestrator', ...CREW],
    stdout: options.stdout,
    stderr: options.stderr,
  });
  const stop = () => void supervisor.kill();
  options.signal.addEventListener('abort', stop);
  try {
    const address = await startMesh(supervisor, options);
    say(`The mesh is up: an orchestrator at ${address}, and ${CREW.length} agents.`);
    const finished = await runBrief(address, document, options, say);
    const brief = finished.attachments.find(({ name }) => name === 'brief.html');
    if (brief?.content.case !== 'data') throw new Error('The pipeline ended without a brief.');
    await writeFile(options.output, brief.content.value);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    say(`Wrote ${options.output} in ${seconds} s: open it in a browser.`);
  } finally {
    options.signal.removeEventListener('abort', stop);
    await supervisor.drain();
  }
}

async function startMesh(supervisor: Supervisor, { services, node, env }: DemoOptions): Promise<string> {
  const start = (name: string, role: 'orchestrator' | 'agent', main: string, more: Record<string, string>) =>
    supervisor.start({
      name,
      role,
      command: [node, join(services, main)],
      cwd: resolve(services, '..'),
      env: { TROUPE_LOG_LEVEL: 'warn', ...env, TROUPE_LISTEN: '127.0.0.1:0', ...more },
    });
  const { address } = await start('orchestrator', 'orchestrator', 'orchestrator/main.ts', {});
  await Promise.all(
    CREW.map((name) => start(name, 'agent', `crew/${name}/main.ts`, { TROUPE_ORCHESTRATORS: address })),
  );
  return address;
}

async function runBrief(
  address: string,
  document: Uint8Array,
  { document: path, services, signal }: DemoOptions,
  say: (line: string) => void,
): Promise<PipelineFinished> {
  const file = join(services, 'crew/brief.yaml');
  const pipeline = readPipelineFile(await readFile(file, 'utf8'), file);
  if (!pipeline.value) throw new Error(pipeline.mistakes.join('\n'));
  const troupe = new Troupe(address, { id: 'demo' });
  try {
    const attachments = [{ name: basename(path), content: { case: 'data' as const, value: document } }];
    let finished: PipelineFinished | undefined;
    for await (const event of troupe.run(pipeline.value, null, {
      attachments,
      signal,
      timeoutMs: RUN_TIMEOUT_MS,
    })) {
      for (const line of tell(event)) say(line);
      if (event.event.case === 'finished') finished = event.event.value;
    }
    return finished!;
  } finally {
    troupe.close();
  }
}

/** What an event of the pipeline looks like on the screen. */
function tell({ event }: PipelineEvent): string[] {
  switch (event.case) {
    case 'stepStarted':
      return [`▸ ${event.value.step} (${event.value.capability})`];
    case 'stepProgressed':
      return [`  · ${JSON.stringify(fromValue(event.value.message?.payload)).slice(0, 100).toWellFormed()}`];
    case 'stepFinished': {
      const ms = event.value.duration ? Math.round(durationToMs(event.value.duration)) : 0;
      return [`  ✓ ${event.value.agentId} in ${ms} ms`];
    }
    default:
      return [];
  }
}
