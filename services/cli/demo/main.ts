import { resolve } from 'node:path';
import { RpcError } from '../../rpc/rpc-error.ts';
import { demo } from './demo.ts';

/** The demonstration: `npm run demo [-- FILE]` turns a document, by default the README, into `./brief.html`. */
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort());
const services = resolve(import.meta.dirname, '../..');
try {
  await demo({
    document: process.argv[2] ?? resolve(services, '../README.md'),
    output: './brief.html',
    services,
    node: process.execPath,
    env: process.env,
    kill: process.kill,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupted.signal,
  });
} catch (error) {
  process.stderr.write(`${RpcError.from(error).message}\n`);
  process.exitCode = 1;
}
