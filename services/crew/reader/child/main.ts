import { readDocument, type Source } from '../read-document.ts';

// The other end of ReaderProcess: a Source comes in, its Reading goes out. It ends when the agent does.
process.on('message', (source: Source) => process.send?.(readDocument(source)));
