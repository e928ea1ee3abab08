import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Document } from '../../../services/crew/document.ts';
import { readDocument } from '../../../services/crew/reader/read-document.ts';

const encode = (text: string) => new TextEncoder().encode(text);

const read = (name: string, text: string, mediaType = '') =>
  readDocument({ bytes: encode(text), name, mediaType });

function document(name: string, text: string, mediaType = ''): Document {
  const { document, problem } = read(name, text, mediaType);
  expect(problem).toBeUndefined();
  return document!;
}

const sentences = ({ sections }: Document) => sections.flatMap((section) => section.sentences);

describe('Markdown', () => {
  const readme = `---
lang: en
---
<!-- a comment -->
<h1 align="center"><img src="logo.png" alt="Stage logo"></h1>

[![build](https://ci.example/badge.svg)](https://ci.example) [![npm](https://npm.example/v.svg)](https://npm.example)

A stage for *agents*, written in \`TypeScript\`. It [needs](https://node.example/docs) nothing else.

## Contents
* [Install](#install)
* [License](#license)

## Install
\`\`\`sh
npm install stage. Really. It does.
\`\`\`

| option | default |
|--------|---------|
| \`port\` | The port is a number. |

* It opens the curtain
* \`npm run close\`
* It closes the curtain.[^1]

[^1]: A footnote is no sentence.
`;

  it('is read without badges, comments, code, tables, menus and footnotes', () => {
    expect(sentences(document('README.md', readme))).toEqual([
      'A stage for agents, written in TypeScript.',
      'It needs nothing else.',
      'It opens the curtain',
      'It closes the curtain.',
    ]);
  });

  it('takes its title from a heading, be it HTML or a picture', () => {
    expect(document('README.md', readme).title).toBe('Stage');
  });

  it('keeps its headings with their ranks', () => {
    const { sections } = document('README.md', readme);
    expect(sections.map(({ level, heading }) => [level, heading])).toEqual([
      [1, 'Stage'],
      [2, 'Contents'],
      [2, 'Install'],
    ]);
  });

  it('gives the links of its text, and none of badges or within the page', () => {
    expect(document('README.md', readme).links).toEqual([
      { text: 'needs', url: 'https://node.example/docs' },
    ]);
  });

  it('counts the words of its text', () => {
    expect(document('a.md', '# Five\n\nOne two three, four.\n\n* five').words).toBe(5);
  });

  it('takes the title from front matter where there is no heading, else from the name', () => {
    expect(document('a.md', '---\ntitle: "Act one"\n---\nThe curtain opens.').title).toBe('Act one');
    expect(document('acts/two.md', 'The curtain opens.').title).toBe('two');
  });

  it('takes two rules with prose between them for no front matter', () => {
    expect(sentences(document('a.md', '---\nThe curtain opens.\n\n---\nIt falls.'))).toContain('It falls.');
  });
});

describe('HTML', () => {
  const page = `<!doctype html><html lang="de-AT"><head><title>Die Bühne — Seite</title><style>p{}</style></head><body>
    <nav><p>Startseite. Kontakt.</p></nav><main><h1>Die Bühne</h1><script>alert("Nein.")</script>
    <p onclick="x()">Der Vorhang<br>geht auf.<p>Er <b>fällt</b> nie. <a href="javascript:alert(1)">Hier</a>
    und <a href="/relativ">da</a> und <a href="https://a.example/x">dort</a>.
    <p hidden>Unsichtbar.</p><table><tr><td>Das steht im Rahmen.</td></tr></table></main>
    <footer>Impressum.</footer></body></html>`;

  it('is read in its main part, without what is not shown and what navigates', () => {
    expect(sentences(document('page', page))).toEqual([
      'Der Vorhang geht auf.',
      'Er fällt nie.',
      'Hier und da und dort.',
      'Das steht im Rahmen.',
    ]);
  });

  it('says its language itself', () => {
    expect(document('page.html', page).language).toBe('de');
  });

  it('gives absolute links alone, never a script', () => {
    expect(document('page.html', page).links).toEqual([{ text: 'dort', url: 'https://a.example/x' }]);
  });

  it('is titled by its first heading, or else by its title', () => {
    expect(document('a.html', page).title).toBe('Die Bühne');
    expect(document('a.html', '<title>Act  two</title><p>It goes on.').title).toBe('Act two');
  });
});

describe('plain text', () => {
  const text = `THE STAGE
=========
A curtain opens,
and a light goes on.

1.2 The Cast

- Anna plays the lead.
- Ben stands by; see https://cast.example/ben.

CHAPTER II

It ends.`;

  it('is read in paragraphs, lists and headings', () => {
    const { sections } = document('play.txt', text);
    expect(sections.map(({ heading, sentences }) => [heading, sentences])).toEqual([
      ['THE STAGE', ['A curtain opens, and a light goes on.']],
      ['1.2 The Cast', ['Anna plays the lead.', 'Ben stands by; see https://cast.example/ben.']],
      ['CHAPTER II', ['It ends.']],
    ]);
  });

  it('gives the addresses in it, without the full stop behind', () => {
    expect(document('play.txt', text).links.map(({ url }) => url)).toEqual(['https://cast.example/ben']);
  });
});

describe('the kind of a document', () => {
  it.each([
    ['a.txt', 'text/markdown; charset=utf-8', '# A\n\nHello there.', 'markdown'],
    ['a.md', 'text/plain', '# A\n\nHello there.', 'markdown'],
    ['a.md', 'application/octet-stream', '# A\n\nHello there.', 'markdown'],
    ['a.md', 'text/html', '<p>Hello there.', 'html'],
    ['a.HTM', '', '<p>Hello there.', 'html'],
    ['a', '', ' <!DOCTYPE html><p>Hello there.', 'html'],
    ['a', '', 'Hello there.', 'text'],
    ['a.csv', 'text/csv', 'Hello, there.', 'text'],
    ['__proto__', 'constructor', 'Hello there.', undefined],
    ['a.pdf', 'application/pdf', 'Hello there.', undefined],
  ])('of %j, sent as %j, is told by media type, name and content', (name, mediaType, text, kind) => {
    expect(read(name, text, mediaType).document?.kind).toBe(kind);
  });
});

describe('bytes', () => {
  it.each([
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x48, 0x69, 0x2e], 'Hi.'],
    ['UTF-16', [0xff, 0xfe, 0x48, 0, 0x69, 0, 0x2e, 0], 'Hi.'],
    ['a NUL', [0x48, 0, 0x69, 0x2e], 'H\ufffdi.'],
    ['a byte that is no character', [0x48, 0xff, 0x69, 0x2e], 'H\ufffdi.'],
    ['half a surrogate pair', [0x48, 0xed, 0xa0, 0x80, 0x2e], 'H\ufffd\ufffd\ufffd.'],
  ])('with %s are read', (_, bytes, sentence) => {
    const { document } = readDocument({ bytes: Uint8Array.from(bytes), name: 'a.txt', mediaType: '' });
    expect(sentences(document!)).toEqual([sentence]);
  });

  it.each([
    ['nothing', 'a.md', '', /no text/],
    ['white space', 'a.txt', ' \n\t\u00a0\n', /no text/],
    ['a lone picture', 'a.md', '![a](b.png)', /no text/],
    ['only headings', 'a.md', '# Stage\n\n## License', /no text/],
    ['only code', 'a.md', '```\nlet a = 1;\n```', /no text/],
    ['5 MB', 'a.md', 'word '.repeat(1_000_000), /at most 1048576 bytes/],
    ['too many sentences', 'a.txt', 'Ah! '.repeat(60_000), /at most 50000 sentences/],
    ['10,000 nested elements', 'a.html', `${'<div>'.repeat(10_000)}hi`, /too deeply/],
    ['a binary', 'a.md', '\x00\x01\x02\x03'.repeat(100), /no text/],
  ])('that hold %s are refused with what to do', (_, name, text, problem) => {
    expect(read(name, text).problem).toMatch(problem);
  });

  it.each(['a.md', 'a.html', 'a.txt'])(
    'of one word of 1 MB are read as %s',
    (name) => {
      expect(document(name, 'a'.repeat(1_000_000)).words).toBe(1);
    },
    60_000,
  );

  it('of any kind give a document of well-formed text, or a problem', () => {
    const names = fc.constantFrom('a.md', 'a.html', 'a.txt');
    const markup = fc.stringMatching(/^[<>#*_`[\]()!|\-=~"'& a-c/\n\t:]*$/);
    fc.assert(
      fc.property(names, fc.oneof(fc.string({ unit: 'binary' }), markup), (name, text) => {
        const { document, problem } = read(name, text);
        if (document) expect(JSON.stringify(document).isWellFormed()).toBe(true);
        else expect(problem).toMatch(/\.$/);
      }),
    );
  });
});
