import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { addRoutingOptions, type RoutingFlags, readRouting } from '../input/routing-options.ts';
import { addRequestOptions, type RequestOptions, readRequest } from '../input/task-request.ts';
import { showResult } from '../print/task-result.ts';

interface SendOptions extends RequestOptions, RoutingFlags {
  capability?: string;
  out?: string;
}

/** `troupe send`: a task for one agent. */
export function addSend(program: Command, act: Act): void {
  addRoutingOptions(addRequestOptions(program.command('send <agent>')))
    .summary('send a task to an agent')
    .description('Sends a task to the agent of that id, and shows its result.')
    .option('--capability <name>', 'What is asked for; of an agent that has only one it need not be said.')
    .option('--out <folder>', 'Write the documents that come back into this folder.')
    .addHelpText('after', `\nFor example:\n  troupe send reader --attach report.md`)
    .action(
      act(async (session, agent: string, { capability, out, ...options }: SendOptions) => {
        const [payload, task] = await readRequest(options, session);
        const asked = { ...task, ...readRouting(options), ...(capability !== undefined && { capability }) };
        await showResult(session, await session.troupe.send(agent, payload, asked), out);
        return undefined;
      }),
    );
}
