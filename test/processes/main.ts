import { flushCompileCache } from 'node:module';
import type { Answer, Question, Role, StartRole, Usage } from './role.ts';

// A process of a stage: `main.ts MODULE OPTIONS` begins the role that the module exports as `start`, then does
// what it is asked over the IPC channel. It ends when the channel does, so that it never outlives who started it.
const [, , module = '', options = '{}'] = process.argv;
let role: Role | undefined;
process.once('disconnect', () => process.exit(0));
process.once('exit', () => role?.close?.());
const say = (answer: Answer) => void process.send?.(answer);

const { start } = (await import(module)) as { start: StartRole };
role = await start(JSON.parse(options));
// Those that start later need not compile the same code again, where NODE_COMPILE_CACHE is set.
flushCompileCache();
// One that keeps another program has to end that first; the others end by the signal itself, even in a busy loop.
if (role.close) process.once('SIGTERM', () => process.exit(0));
process.on('message', ({ id, command, args }: Question) => {
  void answer(command, args).then(
    (result) => say({ id, result }),
    (error) => say({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
say({ ready: role.ready ?? {} });

async function answer(command: string, args: unknown): Promise<unknown> {
  if (command === 'usage') return role?.usage?.() ?? usage();
  const act = role?.commands?.[command];
  if (!act) throw new Error(`${module} has no command ${command}.`);
  return act(args);
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() };
}
