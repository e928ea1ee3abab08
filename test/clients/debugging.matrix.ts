import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, serveAgent } from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/index.ts';
import { summarizer } from '../../services/crew/summarizer/agent.ts';
import { type Orchestrator, startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { describeBuilt } from '../polyglot/built.ts';
import { runTool } from './shell.ts';
import { ROOT } from './tools.ts';

/** What a command of the page shows. */
interface Shows {
  output: RegExp;
  /** Whether it goes on until someone ends it. */
  endless?: true;
  /** Whether it tells only what changes: then the shared state does, again and again. */
  ofChanges?: true;
  /** Whether it fails, as it is meant to. */
  fails?: true;
}

/** Under each heading of the page, what its commands show, in their order. */
const PAGE: Readonly<Record<string, readonly Shows[]>> = {
  'What can be asked at all?': [
    { output: /^troupe\.v1\.OrchestratorService$/m },
    { output: /^troupe\.v1\.OrchestratorService\.DispatchStream$/m },
    { output: /Message template:\n\{\n {2}"message": \{/ },
    { output: /^\/\/ Sends a TASK to one instance/m },
  ],
  'Who is there?': [
    { output: /"id": "summarizer".*"address": "127\.0\.0\.1:\d+".*"inputSchema"/s },
    { output: /"id": "summarizer"/ },
    { output: /"type": "ROSTER_EVENT_TYPE_SYNCED"/, endless: true },
  ],
  'Is it healthy?': [{ output: /"status": "SERVING"/ }, { output: /"summarizer": "AGENT_STATUS_IDLE"/ }],
  'Does one task work?': [{ output: /"text": "Cats sleep\.".*"instanceId".*"attempt": 1/s }],
  'How far is it?': [{ output: /MESSAGE_TYPE_PROGRESS.*MESSAGE_TYPE_PROGRESS.*MESSAGE_TYPE_RESULT/s }],
  'Why does it fail?': [
    { output: /"reason": "INVALID_PAYLOAD".*"field": "payload\./s, fails: true },
    { output: /\/\/ No agent of that id is on the roster\..*ERROR_REASON_AGENT_NOT_FOUND = 1;/s },
  ],
  'What went through?': [
    { output: /"type": "MESSAGE_TYPE_ERROR".*INVALID_PAYLOAD/s },
    { output: /"receiver": "summarizer"/ },
    { output: /("sequence".*){2}/s, endless: true },
  ],
  'What do agents share?': [
    { output: /"revision": "\d+"/ },
    { output: /"text": "hello"/ },
    { output: /"key": "demo\/greeting"/ },
    { output: /"type": "STATE_EVENT_TYPE_SET"/, endless: true, ofChanges: true },
  ],
  'Is it the agent, or the way to it?': [
    { output: /"id": "summarizer"/ },
    { output: /"status": "AGENT_STATUS_IDLE".*"received"/s },
    { output: /"text": "Cats sleep\."/ },
  ],
  'Without grpcurl': [
    { output: /"id": "summarizer"/ },
    { output: /"id": "summarizer"/ },
    { output: /"id": "summarizer"/ },
    { output: /"status":"SERVING"/ },
    { output: /"id":"summarizer"/ },
    { output: /"text":"Cats sleep\."/ },
  ],
};

/** The commands of the page, under their headings. */
function readPage(): Map<string, string[]> {
  const [, ...sections] = readFileSync(resolve(ROOT, 'docs/debugging.md'), 'utf8').split(/^## /m);
  return new Map(
    sections.map((section) => {
      const [heading = ''] = section.split('\n', 1);
      const blocks = [...section.matchAll(/^```sh\n(.*?)^```/gms)];
      return [heading, blocks.flatMap(([, block = '']) => block.trim().split('\n'))];
    }),
  );
}

describe('docs/debugging.md', () => {
  describeBuilt(['grpcurl'], 'as shown', () => {
    const page = readPage();
    let orchestrator: Orchestrator;
    let agent: RunningAgent;
    let troupe: Troupe;
    beforeAll(async () => {
      orchestrator = await startOrchestrator({ listen: '127.0.0.1:0', http: '127.0.0.1:0' });
      agent = await serveAgent(summarizer, { orchestrators: [orchestrator.address] });
      troupe = new Troupe(orchestrator.address);
    });
    afterAll(async () => {
      troupe?.close();
      await agent?.close();
      await orchestrator?.close();
    });

    /** A command of the page, at the addresses of this mesh. */
    const here = (command: string) =>
      command
        .replaceAll('localhost:50051', orchestrator.address)
        .replaceAll('localhost:8080', orchestrator.http ?? '')
        .replaceAll('localhost:40123', agent.address);

    it('asks nothing that is not tested here', () => {
      const counts = [...page].map(([heading, commands]) => [heading, commands.length]);
      expect(counts).toEqual(Object.entries(PAGE).map(([heading, shows]) => [heading, shows.length]));
    });

    for (const [heading, shows] of Object.entries(PAGE)) {
      it(heading, async () => {
        for (const [index, { output, endless, ofChanges, fails }] of shows.entries()) {
          const command = here(page.get(heading)?.[index] ?? 'false');
          const changing = ofChanges && setInterval(() => troupe.state.set('demo/changing', true), 100);
          const { stdout, stderr, code } = await runTool(['sh', '-c', command], endless && output);
          clearInterval(changing);
          expect(stdout + stderr, command).toMatch(output);
          if (!endless) expect(code === 0, `${command}\nends with ${code}`).toBe(!fails);
        }
      });
    }
  });
});
