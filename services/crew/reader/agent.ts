import type { Attachment } from '../../../gen/troupe/v1/agent_message_pb.js';
import { defineAgent, troupeError } from '../../agent/index.ts';
import { linkSchema, sectionSchema } from '../document.ts';
import type { Source } from './read-document.ts';
import { ReaderProcess } from './reader-process.ts';

const readings = new ReaderProcess();

/** Reads a document: its title, language, sections, sentences and links. */
export const reader = defineAgent({
  id: 'reader',
  version: '0.1.0',
  description: 'Reads Markdown, HTML and plain text: what a document says, without how it is marked up.',
  capabilities: {
    'document.read': {
      description:
        'Reads the first attachment, by its media type or else its name: Markdown or plain text of at most 1 MiB, ' +
        'or HTML of at most 2 MiB. Code, tables of data, pictures and navigation are left out.',
      input: { description: 'Not looked at: the document is the first attachment.' },
      output: {
        type: 'object',
        required: ['title', 'kind', 'language', 'sections', 'links', 'words'],
        properties: {
          title: { type: 'string' },
          kind: { enum: ['markdown', 'html', 'text'] },
          language: {
            type: 'string',
            description: 'A primary tag of BCP 47; `und` where it cannot be told.',
          },
          sections: { type: 'array', items: sectionSchema },
          links: {
            type: 'array',
            items: linkSchema,
            description: 'Absolute addresses, each once, at most 500.',
          },
          words: { type: 'integer' },
        },
      },
      idempotent: true,
      handle: async (_input, task) => {
        const source = sourceOf(task.message.attachments[0]);
        const { document, problem } = await readings.read(source, task.signal);
        if (!document) throw unreadable(`The document ${problem}`);
        return document;
      },
    },
  },
});

function sourceOf(attachment: Attachment | undefined): Source {
  if (!attachment) throw unreadable('No document is attached. Attach one: Markdown, HTML or plain text.');
  if (attachment.content.case !== 'data') {
    throw unreadable(
      'The attachment holds no bytes, and an address is never fetched. Attach the document itself.',
    );
  }
  return { bytes: attachment.content.value, name: attachment.name, mediaType: attachment.mediaType };
}

function unreadable(message: string) {
  const violations = [{ field: 'attachments[0]', description: message }];
  return troupeError('INVALID_PAYLOAD', message, { capability: 'document.read', violations });
}
