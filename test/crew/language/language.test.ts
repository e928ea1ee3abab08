import { describe, expect, it } from 'vitest';
import { detectLanguage, primaryTag } from '../../../services/crew/language/detect.ts';
import { sentencesOf } from '../../../services/crew/language/sentences.ts';
import { foldWord, wordRunsOf, wordsOf } from '../../../services/crew/language/words.ts';

describe('detectLanguage', () => {
  it.each([
    [
      'en',
      'The troupe plays what the director has in mind, and nobody in the audience sees who gave the cue.',
    ],
    [
      'de',
      'Die Truppe spielt, was die Regie sich vorstellt, und niemand im Saal sieht, wer das Zeichen gegeben hat.',
    ],
    [
      'fr',
      'La troupe joue ce que le metteur en scène imagine, et personne dans la salle ne voit qui donne le signal.',
    ],
    [
      'es',
      'La compañía interpreta lo que el director imagina, y nadie en la sala ve quién ha dado la señal.',
    ],
    ['ja', '一座は演出家が思い描いたものを演じる。'],
    ['zh', '剧团演出导演所想象的一切，观众看不到是谁发出了信号。'],
    ['ko', '극단은 연출가가 상상한 것을 연기한다.'],
    ['ar', 'تؤدي الفرقة ما يتخيله المخرج ولا يرى أحد من أعطى الإشارة.'],
    ['ru', 'Труппа играет то, что задумал режиссёр, и никто в зале не видит, кто подал знак.'],
    ['he', 'הלהקה משחקת את מה שהבמאי מדמיין.'],
    ['und', 'npm install x'],
    ['und', '42'],
    ['und', ''],
  ])('tells %s from its script or its small words', (language, text) => {
    expect(detectLanguage(text)).toBe(language);
  });

  it.each([
    ['en_US', 'en'],
    ['DE-at', 'de'],
    [' zh-Hant ', 'zh'],
    ['not a tag', undefined],
    ['', undefined],
  ])('reads the tag %j as %j', (tag, primary) => {
    expect(primaryTag(tag)).toBe(primary);
  });
});

describe('sentencesOf', () => {
  it.each([
    [
      'en',
      'Ask Dr. Who. He met J. Smith (cf. Knuth). Then?',
      ['Ask Dr. Who.', 'He met J. Smith (cf. Knuth).', 'Then?'],
    ],
    ['en', 'It costs 3.50 a day. See node.js for more.', ['It costs 3.50 a day.', 'See node.js for more.']],
    ['zh', '今天天气很好。我们去公园吧！', ['今天天气很好。', '我们去公园吧！']],
    ['und', '  ', []],
  ])('cuts %s text where its sentences end', (language, text, sentences) => {
    expect(sentencesOf(text, language)).toEqual(sentences);
  });

  it('cuts what never ends at a space, and loses nothing', () => {
    const parts = sentencesOf('word '.repeat(2_000), 'en');
    expect(parts.every((part) => part.length <= 2_000)).toBe(true);
    expect(parts.join(' ')).toBe('word '.repeat(2_000).trim());
  });
});

describe('words', () => {
  it('leaves addresses out', () => {
    expect(wordsOf('See https://example.com/a?b=c or www.example.com today', 'en')).toEqual([
      'See',
      'or',
      'today',
    ]);
  });

  it('ends a run at any sign but a space, and takes what a hyphen joins as one', () => {
    expect(wordRunsOf('Fast, event-driven servers --fast (really)', 'en')).toEqual([
      ['Fast'],
      ['event-driven', 'servers'],
      ['fast'],
      ['really'],
    ]);
  });

  it.each([
    ['caches', 'cache'],
    ['Classes', 'class'],
    ['libraries', 'library'],
    ['options', 'option'],
    ['services', 'service'],
    ['boxes', 'box'],
    ["agent's", 'agent'],
  ])('counts %s with %s', (plural, singular) => {
    expect(foldWord(plural, 'en')).toBe(foldWord(singular, 'en'));
  });

  it.each(['status', 'process', 'bus'])('takes %s for no plural', (word) => {
    expect(foldWord(word, 'en')).not.toBe(foldWord(word.slice(0, -1), 'en'));
  });

  it('folds nothing but case in a language that it does not know', () => {
    expect(foldWord('Bücher', 'de')).toBe('bücher');
  });
});
