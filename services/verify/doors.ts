import { type Answer, toAnswer } from './answer.ts';
import { breach } from './breach.ts';
import type { MessageInit } from './raw-link.ts';
import { seenIn } from './seen-in.ts';
import type { Visit } from './visit.ts';

/** Sends a message, and answers what ends it. */
export type Ask = (message: MessageInit) => Promise<Answer>;

/**
 * Looks at every way into the agent, Handle and where it is served Link, since a message means the same at
 * both. What was seen has to be as it should be at each.
 */
export async function atEveryDoor(visit: Visit, look: (ask: Ask) => Promise<string>): Promise<string> {
  const seen = new Map<string, string[]>();
  for (const [name, ask] of Object.entries(doorsOf(visit))) {
    try {
      const text = await look(ask);
      seen.set(text, [...(seen.get(text) ?? []), name]);
    } catch (thrown) {
      throw breach(`on ${name}: ${seenIn(thrown)}`);
    }
  }
  return [...seen].map(([text, names]) => `${text} (${names.join(' and ')})`).join('; ');
}

function doorsOf(visit: Visit): Record<string, Ask> {
  const doors: Record<string, Ask> = { Handle: (message) => visit.handle(message) };
  if (visit.survey.card?.servesLink) {
    const link = visit.openLink();
    doors.Link = async (message) => toAnswer(await link.ask(message));
  }
  return doors;
}
