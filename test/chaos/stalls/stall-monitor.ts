import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/**
 * Notes for how long the machine keeps a thread from running that does nothing: by so much, what is measured
 * meanwhile may be too long through no fault of the mesh.
 */
export class StallMonitor {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url));

  /** Ends it, and answers the longest stall, in milliseconds. */
  async stop(): Promise<number> {
    const told = once(this.#worker, 'message');
    this.#worker.postMessage('stop');
    const [stalledMs] = await told;
    await this.#worker.terminate();
    return stalledMs;
  }
}
