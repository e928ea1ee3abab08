import type { Command } from 'commander';
import {
  type Pipeline,
  type PipelineEvent,
  type PipelineFinished,
  PipelineFinishedSchema,
} from '../../../gen/troupe/v1/pipeline_pb.js';
import { durationToMs } from '../../protocol/ttl.ts';
import { fromValue, type JsonValue } from '../../protocol/value.ts';
import type { Act } from '../act.ts';
import { readAttachments, receiveAttachments } from '../input/attachments.ts';
import { readInputFile } from '../input/input-file.ts';
import { JSON_ARGUMENT, readJsonArgument } from '../input/json-argument.ts';
import { listValue } from '../input/option-values.ts';
import { readPipelineFile } from '../input/pipeline-file.ts';
import { orThrow } from '../input/yaml-mistakes.ts';
import { payloadText } from '../print/payload-text.ts';
import { readablePayload } from '../print/readable-payload.ts';
import { StepProgress } from '../print/step-progress.ts';
import { messageToJson } from '../print/to-json.ts';
import type { Session } from '../session.ts';

interface RunOptions {
  input?: string;
  attach?: readonly string[];
  correlation?: string;
  out?: string;
}

/** `troupe run`: a pipeline. */
export function addRun(program: Command, act: Act): void {
  program
    .command('run <pipeline>')
    .summary('run a pipeline from a YAML file')
    .description(
      'Runs a pipeline, telling each step on standard error, and shows what its last step answered; with -o json the ' +
        'outputs of all steps.',
    )
    .option('-i, --input <json>', `What its expressions see as input: ${JSON_ARGUMENT}. Without it: null.`)
    .option(
      '--attach <file>',
      'A document that its steps see with the input. May stand several times.',
      listValue,
    )
    .option('--out <folder>', 'Write the documents that the last step made into this folder.')
    .option(
      '--correlation <id>',
      'A name of your own for it, by which "troupe tail --correlation ID" finds its tasks.',
    )
    .addHelpText('after', '\nFor example:\n  troupe run brief.yaml --attach report.md --out .')
    .action(
      act(async (session, file: string, options: RunOptions) => {
        await run(session, file, options);
        return undefined;
      }),
    );
}

async function run(session: Session, file: string, options: RunOptions): Promise<void> {
  const { output, terminal } = session;
  const text = (await readInputFile(file, terminal.cwd)).toString('utf8');
  const pipeline = orThrow(readPipelineFile(text, file), 'The pipeline');
  const input =
    options.input === undefined ? null : await readJsonArgument(options.input, '--input', terminal);
  const attachments = await readAttachments(options.attach ?? [], terminal.cwd);
  const { correlation: correlationId } = options;
  const events = session.troupe.run(pipeline, input, {
    ...session.taskBounds,
    attachments,
    ...(correlationId !== undefined && { correlationId }),
  });

  const progress = new StepProgress(output.stderr, pipeline.steps);
  try {
    for await (const { event } of events) {
      await tell(progress, event);
      if (event.case === 'finished') await show(session, pipeline, event.value, options.out);
    }
  } finally {
    await progress.failed();
  }
}

async function tell(progress: StepProgress, event: PipelineEvent['event']): Promise<void> {
  switch (event.case) {
    case 'stepStarted':
      return progress.started({ name: event.value.step, capability: event.value.capability });
    case 'stepProgressed':
      return progress.progressed(readablePayload(event.value.message?.payload));
    case 'stepFinished': {
      const { agentId, duration } = event.value;
      return progress.finished(agentId, duration ? durationToMs(duration) : 0);
    }
    case 'finished':
      return progress.failed();
  }
}

/** Shows the end. After a failure there is only JSON to show: what the steps before it put out. */
async function show(
  { output, terminal }: Session,
  pipeline: Pipeline,
  finished: PipelineFinished,
  out: string | undefined,
): Promise<void> {
  await output.document({
    json: () => messageToJson(PipelineFinishedSchema, finished),
    text: () => (finished.error ? '' : payloadText(lastOutput(pipeline, finished), output.stdout)),
  });
  if (!finished.error) await receiveAttachments(finished.attachments, { out, cwd: terminal.cwd }, output);
}

function lastOutput({ steps }: Pipeline, { outputs }: PipelineFinished): JsonValue {
  return fromValue(outputs[steps.at(-1)?.name ?? '']);
}
