import { RpcError } from '../../rpc/rpc-error.ts';
import { probe } from './probe.ts';

/**
 * A health check for containers: `node services/cli/probe/main.ts [host:port]`. Without an address it asks the server
 * that TROUPE_LISTEN tells to listen. Exit code 0: it serves; 1: it does not, and why is on standard error.
 */
const address = process.argv[2] ?? process.env.TROUPE_LISTEN ?? '127.0.0.1:50051';
try {
  await probe(address);
} catch (error) {
  process.stderr.write(`${RpcError.from(error)}\n`);
  process.exitCode = 1;
}
