import { readFile } from 'node:fs/promises';
import { create, fromJson } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Attachment, AttachmentSchema } from '../../gen/troupe/v1/agent_message_pb.js';
import { type PipelineEvent, PipelineSchema } from '../../gen/troupe/v1/pipeline_pb.js';
import { type RunningAgent, serveAgent } from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/index.ts';
import { analyst } from '../../services/crew/analyst/agent.ts';
import { editor } from '../../services/crew/editor/agent.ts';
import { illustrator } from '../../services/crew/illustrator/agent.ts';
import { reader } from '../../services/crew/reader/agent.ts';
import { summarizer } from '../../services/crew/summarizer/agent.ts';
import { type Orchestrator, startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { errorInfoOf } from '../../services/protocol/reason.ts';
import { fromValue, type JsonValue } from '../../services/protocol/value.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';

const file = new URL('../../services/crew/brief.yaml', import.meta.url);
const pipeline = fromJson(PipelineSchema, parse(await readFile(file, 'utf8')));

const attachment = (name: string, data: string | Uint8Array): Attachment =>
  create(AttachmentSchema, {
    name,
    content: { case: 'data', value: typeof data === 'string' ? new TextEncoder().encode(data) : data },
  });

async function failureOf(work: Promise<unknown>): Promise<RpcError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}

describe('the crew in its mesh', () => {
  let orchestrator: Orchestrator;
  let agents: RunningAgent[];
  let troupe: Troupe;

  beforeAll(async () => {
    orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
    const orchestrators = [orchestrator.address];
    const crew = [reader, analyst, summarizer, illustrator, editor];
    agents = await Promise.all(crew.map((definition) => serveAgent(definition, { orchestrators })));
    troupe = new Troupe(orchestrator.address);
  });

  afterAll(async () => {
    troupe.close();
    await Promise.all(agents.map((agent) => agent.close()));
    await orchestrator.close();
  });

  async function brief(...attachments: Attachment[]): Promise<PipelineEvent['event'][]> {
    const events: PipelineEvent['event'][] = [];
    for await (const { event } of troupe.run(pipeline, null, { attachments })) events.push(event);
    return events;
  }

  it.each([
    [
      'play.md',
      '# Der Vorhang\n\nDer Vorhang geht auf und das Stück ist da.\n\nDas Stück endet, und der Vorhang fällt.',
    ],
    [
      'play.html',
      '<title>Der Vorhang</title><p>Der Vorhang geht auf und das Stück ist da. Der Vorhang fällt.</p>',
    ],
    ['Der Vorhang', 'Der Vorhang geht auf und das Stück ist da.\n\nDas Stück endet, und der Vorhang fällt.'],
  ])('turns %s into an illustrated brief', async (name, text) => {
    const last = (await brief(attachment(name, text))).at(-1);
    if (last?.case !== 'finished') throw new Error('The pipeline ended without its last event.');
    const [page] = last.value.attachments;
    expect(page).toMatchObject({ name: 'brief.html', mediaType: 'text/html' });
    const html = new TextDecoder().decode(page?.content.value as Uint8Array);
    expect(html).toMatch(/<h1[^>]*>Der Vorhang<\/h1>/);
    expect(html).toContain('geht auf und das Stück ist da.');
    expect(html).toContain('aria-label="Sentences by their number of words"');
    expect(fromValue(last.value.outputs.compose)).toEqual({
      title: 'Der Vorhang',
      bytes: Buffer.byteLength(html),
    });
  });

  it('tells of every sentence that it chooses, while it works', async () => {
    const events = await brief(attachment('readme.md', await readFile('node_modules/unified/readme.md')));
    const progress = events.filter((event) => event.case === 'stepProgressed');
    expect(progress.map(({ value }) => value.step)).toEqual(Array(5).fill('summarize'));
  });

  it('reads a document of its full size within one message', async () => {
    const sentence = 'The curtain opens in the evening and the play begins. ';
    const text = `${sentence.repeat(18)}\n\n`.repeat(1_000).slice(0, 1024 * 1024);
    const last = (await brief(attachment('long.txt', text))).at(-1);
    expect(last?.case === 'finished' && last.value.attachments).toHaveLength(1);
  }, 60_000);

  it.each<[string, Attachment[], RegExp]>([
    ['no document', [], /No document/],
    [
      'an address',
      [create(AttachmentSchema, { name: 'a', content: { case: 'uri', value: 'file:///a' } })],
      /never fetched/,
    ],
    ['an empty document', [attachment('a.md', '')], /no text/],
    ['a document too long', [attachment('a.md', 'word '.repeat(300_000))], /at most 1048576 bytes/],
  ])('refuses %s with the reason', async (_, attachments, message) => {
    const error = await failureOf(troupe.dispatch('document.read', null, { attachments }));
    expect(errorInfoOf(error)?.reason).toBe('INVALID_PAYLOAD');
    expect(error.message).toMatch(message);
  });

  it.each<[string, JsonValue]>([
    ['text.analyze', {}],
    ['text.analyze', { text: ' ' }],
    ['text.analyze', { text: 'Hello.', language: 'english please' }],
    ['text.summarize', { sections: 'all' }],
    ['text.summarize', { text: '' }],
    ['text.summarize', { text: 'Hello.', sentences: 21 }],
    ['chart.render', { kind: 'radar', title: 'T', data: [{ label: 'a', value: 1 }] }],
    ['chart.render', { kind: 'bar', title: 'T', data: [] }],
    ['chart.render', { kind: 'bar', title: 'T', data: [{ label: 'a', value: 1 }], width: 1e9 }],
    ['brief.compose', {}],
    ['brief.compose', { document: { title: 'T' }, charts: [{ title: 'C', svg: 'none' }] }],
  ])('refuses %s of %j as INVALID_PAYLOAD', async (capability, payload) => {
    expect(errorInfoOf(await failureOf(troupe.dispatch(capability, payload)))?.reason).toBe(
      'INVALID_PAYLOAD',
    );
  });
});
