import * as lists from 'stopword';

/**
 * English words that carry no subject but are missing from the list of the package `stopword`: contractions, verbs
 * of usage and words of order, which would otherwise lead every list of keywords.
 */
const moreEnglish =
  `able above across actually again against allow allows almost already although always among anything
  around aren't away based basically become below better beyond can't cannot certain couldn't currently default depending
  despite didn't different directly doesn't doing don't done down due during each easily easy either enough etc even ever
  every everything example examples exactly example few first following follows full further generally get gets getting
  give given gives go goes going good great hadn't hasn't haven't having hence here's how's however i'd i'll i'm i've
  instead isn't it'll it's its itself just keep kind later least less let let's like likely little look lot made mainly
  make makes making many maybe mean means merely might more moreover must need needed needs neither never new next nice
  no none nor not note nothing off often ok on once one ones onto otherwise own particular per perhaps please possible probably
  provide provided provides providing put quite rather really regarding same see seem seems several shall she shouldn't
  simple simply since so some something sometimes soon still such sure take takes than that's themselves then there's
  therefore these they'll they're they've thing things those though thus together too toward towards two typically
  under unless unlike until up upon us use used useful user's uses using usually various very via want wants wasn't way
  ways we'd we'll we're we've well were weren't what's when whenever where whereas wherever whether which whichever while
  who's whole whose why will with within without won't work works would wouldn't yet you'd you'll you're you've
  yours can could may should i.e e.g`
    .split(/\s+/)
    .filter((word) => word !== '');

/** Words without a subject of their own, by the primary tag of their language (`en`). */
const byLanguage: Record<string, readonly string[]> = {
  ar: lists.ara,
  cs: lists.ces,
  da: lists.dan,
  de: lists.deu,
  el: lists.ell,
  en: [...lists.eng, ...moreEnglish],
  es: lists.spa,
  fa: lists.fas,
  fi: lists.fin,
  fr: lists.fra,
  he: lists.heb,
  hi: lists.hin,
  hu: lists.hun,
  it: lists.ita,
  ja: lists.jpn,
  ko: lists.kor,
  nl: lists.nld,
  no: lists.nob,
  pl: lists.pol,
  pt: lists.por,
  ro: lists.ron,
  ru: lists.rus,
  sv: lists.swe,
  th: lists.tha,
  tr: lists.tur,
  uk: lists.ukr,
  vi: lists.vie,
  zh: lists.zho,
};

const sets = new Map<string, ReadonlySet<string>>();

/** The languages, as primary tags, whose words without a subject are known. */
export const knownLanguages: readonly string[] = Object.keys(byLanguage);

/** The words of `language` that carry no subject, in lower case; none for a language that is not known. */
export function stopwordsOf(language: string): ReadonlySet<string> {
  const known = sets.get(language);
  if (known) return known;
  const words = new Set(byLanguage[language] ?? []);
  sets.set(language, words);
  return words;
}
