import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { addRoutingOptions, type RoutingFlags, readRouting } from '../input/routing-options.ts';
import { addRequestOptions, type RequestOptions, readRequest } from '../input/task-request.ts';
import { showEvents, showResult } from '../print/task-result.ts';

interface DispatchOptions extends RequestOptions, RoutingFlags {
  stream?: boolean;
  out?: string;
}

/** `troupe dispatch`: a task for whoever has the capability. */
export function addDispatch(program: Command, act: Act): void {
  addRoutingOptions(addRequestOptions(program.command('dispatch <capability>')))
    .summary('send a task to whoever has the capability')
    .description('Sends a task to one instance of an agent that has the capability, and shows its result.')
    .option('--stream', 'Show the progress too: on standard error, or as JSON with the data.')
    .option('--out <folder>', 'Write the documents that come back into this folder.')
    .addHelpText(
      'after',
      `\nFor example:\n  troupe dispatch text.summarize -d '{"text": "…", "sentences": 3}' --stream`,
    )
    .action(
      act(async (session, capability: string, { stream, out, ...options }: DispatchOptions) => {
        const [payload, asked] = await readRequest(options, session);
        const task = { ...asked, ...readRouting(options) };
        const { troupe } = session;
        if (stream) await showEvents(session, troupe.dispatchStream(capability, payload, task), out);
        else await showResult(session, await troupe.dispatch(capability, payload, task), out);
        return undefined;
      }),
    );
}
