import { parentPort } from 'node:worker_threads';
import { readDocument, type Source } from './read-document.ts';

// The other end of ReaderThread: a Source comes in, its Reading goes out.
parentPort?.on('message', (source: Source) => parentPort?.postMessage(readDocument(source)));
