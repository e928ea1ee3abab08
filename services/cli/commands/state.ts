import type { Command } from 'commander';
import type { SetOptions } from '../../client/shared-state.ts';
import type { Act } from '../act.ts';
import { ExitCode } from '../exit-code.ts';
import { parseDuration } from '../input/duration.ts';
import { JSON_ARGUMENT, readJsonArgument } from '../input/json-argument.ts';
import { revisionValue } from '../input/option-values.ts';
import { entryJson, entryRow, entryTable } from '../print/entry-text.ts';
import { payloadText } from '../print/payload-text.ts';
import type { Session } from '../session.ts';

interface WriteOptions {
  ifRevision?: bigint;
  ttl?: number;
}

const IF_REVISION = [
  '--if-revision <revision>',
  'Only if the entry is at it; 0: only if there is none.',
] as const;

/** `troupe state`: what agents share. */
export function addState(program: Command, act: Act): void {
  const state = program
    .command('state')
    .summary('read and write the state that agents share')
    .description(
      'Reads and writes the state that agents share: values under keys, each with the revision of its last write.',
    );
  state
    .command('get <key>')
    .description('Shows the value under a key. Exit code 3 where there is none.')
    .action(act(get));
  state
    .command('set <key> <value>')
    .description(`Writes a value: ${JSON_ARGUMENT}.`)
    .option(...IF_REVISION, revisionValue)
    .option('--ttl <time>', 'How long it lives: 30s, 1h, 7d. Without it: until it is deleted.', parseDuration)
    .action(act(set));
  state
    .command('delete <key>')
    .description('Deletes an entry. A key that is absent is no error.')
    .option(...IF_REVISION, revisionValue)
    .action(act(remove));
  state
    .command('ls [prefix]')
    .description('Lists the entries whose keys begin with a prefix, sorted by key.')
    .action(act(list));
  state
    .command('watch [prefix]')
    .description('Tells each change under a prefix, until Ctrl-C.')
    .option(
      '--from-revision <revision>',
      'Begin with what came after it, as far as it is remembered.',
      revisionValue,
    )
    .action(act(watch));
}

async function get({ troupe, output, taskBounds }: Session, key: string): Promise<ExitCode> {
  const entry = await troupe.state.get(key, taskBounds);
  if (!entry) {
    await output.note(`There is nothing under "${key}".`);
    return ExitCode.NOT_FOUND;
  }
  await output.document({
    json: () => entryJson(entry),
    text: () => payloadText(entry.value, output.stdout),
  });
  return ExitCode.OK;
}

async function set(session: Session, key: string, value: string, options: WriteOptions): Promise<undefined> {
  const { troupe, output, terminal } = session;
  const json = await readJsonArgument(value, 'The value', terminal);
  const { ttl: ttlMs } = options;
  const written = { ...conditionOf(options), ...session.taskBounds, ...(ttlMs !== undefined && { ttlMs }) };
  const entry = await troupe.state.set(key, json, written);
  await output.document({ json: () => entryJson(entry), text: () => `revision ${entry.revision}` });
}

async function remove(session: Session, key: string, options: WriteOptions): Promise<undefined> {
  const { troupe, output } = session;
  const deleted = await troupe.state.delete(key, { ...conditionOf(options), ...session.taskBounds });
  await output.document({
    json: () => ({ key, deleted }),
    text: () => (deleted ? 'deleted' : 'there was none'),
  });
}

async function list({ troupe, output, taskBounds }: Session, prefix = ''): Promise<undefined> {
  const entries = await Array.fromAsync(troupe.state.list(prefix, taskBounds));
  await output.document({
    json: () => entries.map(entryJson),
    text: () => (entries.length === 0 ? '' : entryTable(entries, output.stdout)),
  });
  if (entries.length === 0) await output.note('There are no entries.');
}

async function watch(
  { troupe, output, taskBounds }: Session,
  prefix = '',
  { fromRevision }: { fromRevision?: bigint } = {},
): Promise<undefined> {
  const options = { ...taskBounds, ...(fromRevision !== undefined && { fromRevision }) };
  for await (const change of troupe.state.watch(prefix, options)) {
    await output.item({
      json: () => ({ type: change.type, ...entryJson(change) }),
      text: () => entryRow(change, output.stdout),
    });
  }
}

function conditionOf({ ifRevision }: WriteOptions): Pick<SetOptions, 'ifRevision'> {
  return ifRevision === undefined ? {} : { ifRevision };
}
