import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Health } from '../../../gen/grpc/health/v1/health_pb.js';
import { ORCHESTRATOR_FLAGS } from '../../../services/cli/mesh/orchestrator-flags.ts';
import { Channel } from '../../../services/rpc/channel.ts';
import { createClient } from '../../../services/rpc/client.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import type { Role } from '../../processes/role.ts';
import { usageOf } from '../../processes/usage-of.ts';

/** How long an orchestrator is left alone before its memory is read, in milliseconds. */
const IDLE_MS = 500;
/** How long it has to start, in milliseconds. */
const START_WITHIN_MS = 15_000;

/** Starts orchestrators as operators do, and looks at each from outside; `main`: the built JavaScript. */
export function start({ main }: { main: string }): Role {
  let orchestrator: ChildProcess | undefined;
  const close = () => void orchestrator?.kill('SIGKILL');
  return {
    close,
    commands: {
      /** The time to the first answered Health/Check, in milliseconds, and the memory when idle, in MB. */
      async start() {
        const begun = performance.now();
        orchestrator = spawn(process.execPath, [...ORCHESTRATOR_FLAGS, main], {
          env: { PATH: process.env.PATH, TROUPE_LISTEN: '127.0.0.1:0' },
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        const [line] = await once(createInterface(orchestrator.stdout!), 'line');
        const channel = new Channel(JSON.parse(line).address);
        await createClient(Health, channel).check({}, { deadline: Deadline.after(START_WITHIN_MS) });
        const startMs = performance.now() - begun;
        channel.close();
        await sleep(IDLE_MS);
        const rssMb = usageOf(orchestrator.pid!).rssBytes / 1e6;
        const ended = once(orchestrator, 'exit');
        close();
        await ended;
        return { startMs, rssMb };
      },
    },
  };
}
