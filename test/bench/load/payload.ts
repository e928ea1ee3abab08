/** What is sent and answered in every task of the benchmark. */
export type Payload = { n: number; kind: string; text: string };

/** The first number of a payload: every later one has as many digits. */
const FIRST = 1_000_000;

/** Makes payloads of `bytes` bytes of JSON, each with a number of its own. At least 64 bytes, ASCII. */
export function payloadsOf(bytes: number): () => Payload {
  const kind = 'bench';
  const text = 'troupe '.repeat(bytes).slice(0, bytes - JSON.stringify({ n: FIRST, kind, text: '' }).length);
  let n = FIRST;
  return () => {
    n = n >= 9_999_998 ? FIRST : n + 1;
    return { n, kind, text };
  };
}

/** What an agent of the benchmark does: reads the payload, and answers a new one. */
export function answerTo({ n, kind, text }: Payload): Payload {
  return { n: n + 1, kind, text };
}

/** Holds an answer against its question. */
export function checkAnswer(question: Payload, answer: Payload): void {
  if (answer.n === question.n + 1 && answer.text.length === question.text.length) return;
  throw new Error(`${JSON.stringify(question)} was answered ${JSON.stringify(answer)}`);
}
