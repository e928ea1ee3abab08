import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parentPort } from 'node:worker_threads';

// A thread that does nothing but note how late its timer of 10 ms comes, and tells the worst when it is asked.
const RESOLUTION_MS = 10;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
parentPort?.once('message', () => parentPort?.postMessage(Math.max(0, delays.max / 1e6 - RESOLUTION_MS)));
