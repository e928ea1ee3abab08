#!/usr/bin/env node
import { ExitCode } from './exit-code.ts';
import { tooOld } from './least-node.ts';

// The command `troupe` as a process.
const old = tooOld(process.versions.node);
if (old !== undefined) {
  process.stderr.write(`error: ${old}\n`);
  process.exit(ExitCode.FAILED);
}
// Only now: an older Node may fail while it loads the rest, in words that help nobody.
const { troupe } = await import('./program.ts');
const interrupted = new AbortController();
const killed = new AbortController();
let signals = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    signals += 1;
    if (signals === 1) interrupted.abort();
    else if (signals === 2) killed.abort();
    else process.exit(130);
  });
}

const { stdin, stdout, stderr, env, execPath: node } = process;
process.exitCode = await troupe(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  cwd: process.cwd(),
  node,
  kill: (pid, signal) => void process.kill(pid, signal),
  interrupted: interrupted.signal,
  killed: killed.signal,
});
