import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import rehypeParse from 'rehype-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../gen/troupe/v1/pipeline_pb.js';
import { readPipelineFile } from '../../services/cli/input/pipeline-file.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { type Mesh, startMesh } from './mesh.ts';
import { NETWORKS } from './network.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CREW = ['reader', 'analyst', 'summarizer', 'illustrator', 'editor'];

let mesh: Mesh;
let cuts = 0;
afterAll(() => expect(cuts).toBeGreaterThan(0));

/** A document that nobody here wrote. */
async function readme(name: string): Promise<Buffer> {
  const folder = resolve(ROOT, 'node_modules', name);
  const file = (await readdir(folder)).find((entry) => /^readme\.md$/i.test(entry));
  return readFile(resolve(folder, file ?? 'README.md'));
}

/**
 * Runs the brief pipeline as it is shipped over a document, and answers its page and its outputs. Every step is
 * idempotent.
 */
function briefOf(name: string, document: Buffer) {
  return mesh.network.sure(() => runBrief(name, document));
}

async function runBrief(name: string, document: Buffer) {
  const file = resolve(ROOT, 'services/crew/brief.yaml');
  const { value: pipeline, mistakes } = readPipelineFile(await readFile(file, 'utf8'), file);
  if (!pipeline) throw new Error(JSON.stringify(mistakes));
  const attachments = [{ name, content: { case: 'data' as const, value: document } }];
  const finished = await lastEvent(mesh.troupe.run(pipeline, null, { attachments }));
  const page = finished.attachments.find((attachment) => attachment.name === 'brief.html');
  const html = Buffer.from(page?.content.value as Uint8Array).toString();
  return { html, title: fromValue(finished.outputs.read) as { title: string } };
}

/** The event that holds every output; one that failed is told so after it. */
async function lastEvent(events: AsyncIterable<PipelineEvent>) {
  let last: PipelineEvent['event'] | undefined;
  for await (const { event } of events) last = event;
  if (last?.case !== 'finished') throw new Error('The pipeline told no end.');
  return last.value;
}

/** What a page would load from elsewhere, links that a reader follows left out. */
function loads(html: string): string[] {
  const found: string[] = [];
  visit(unified().use(rehypeParse).parse(html), 'element', ({ tagName, properties, children }) => {
    if (['script', 'iframe', 'object', 'embed', 'base'].includes(tagName)) found.push(`<${tagName}>`);
    for (const [name, value] of Object.entries(properties)) {
      if (tagName === 'a' && name === 'href') continue;
      if (name.startsWith('on')) found.push(`${tagName} ${name}`);
      if (name.startsWith('xmlns')) continue;
      if (/(?:https?:)?\/\/|url\((?!['"]?#)/.test(String(value))) found.push(`${tagName} ${name}=${value}`);
    }
    const text = children.map((child) => (child.type === 'text' ? child.value : '')).join('');
    if (tagName === 'style' && /@import|url\(/.test(text)) found.push(`<style> ${text}`);
  });
  return found;
}

describe.each(NETWORKS)('the crew, each in a process of its own, in $name', (kind) => {
  beforeAll(async () => {
    mesh = await startMesh(kind);
    await Promise.all(CREW.map((name) => mesh.agent(`services/crew/${name}/main.ts`)));
    await Promise.all(CREW.map((name) => mesh.knows(name)));
  }, 60_000);
  afterAll(async () => {
    cuts += mesh.network.cuts;
    await mesh.stop();
  }, 20_000);

  const packages = ['commander', 'yaml', 'pino', 'ajv', 'echarts', 'unified', '@grpc/grpc-js'];

  it.each(packages)('makes a brief of what %s says of itself that stands on its own', async (name) => {
    const { html, title } = await briefOf('README.md', await readme(name));
    expect(html).toMatch(/^<!doctype html>/i);
    expect(loads(html)).toEqual([]);
    const texts: string[] = [];
    visit(unified().use(rehypeParse).parse(html), 'text', ({ value }) => void texts.push(value));
    expect(title.title).not.toBe('');
    expect(texts.join(' ')).toContain(title.title);
  });

  it('makes several briefs at once', async () => {
    const names = packages.slice(0, 4);
    const briefs = await Promise.all(names.map(async (name) => briefOf('README.md', await readme(name))));
    expect(new Set(briefs.map(({ html }) => html)).size).toBe(names.length);
  });
});
