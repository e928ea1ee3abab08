import { setImmediate as turn } from 'node:timers/promises';
import { Dice } from './dice.ts';
import { callHeaders, dataFrames, frame, grpcMessage, HELLO } from './frames.ts';
import { mutate } from './mutate.ts';
import { ODD_CALLS } from './odd-calls.ts';
import { type End, RawCaller } from './raw-caller.ts';
import { RawPeer } from './raw-peer.ts';
import type { Sample } from './samples.ts';

/** What became of malformed calls: how many, and how many of them nothing was said to. */
export interface Malformed {
  sent: number;
  silent: number;
}

/** How long a call may be without an answer, in milliseconds: three times the deadline that it says. */
const WITHIN_MS = 6000;
const TIMEOUT = { 'grpc-timeout': '2S' };
/** How many are made side by side. */
const SIDE_BY_SIDE = 4;

/** Frames of random kinds, flags, streams and payloads; a connection that is closed over them is made anew. */
export async function randomFrames(address: string, count: number, seed: number): Promise<number> {
  const dice = new Dice(seed);
  let peer: RawPeer | undefined;
  let sent = 0;
  for (; sent < count; sent++) {
    if (!peer?.open) {
      peer = await RawPeer.open(address, { speaksHttp2: false });
      // Every tenth does not even begin as HTTP/2 does.
      if (dice.below(10) > 0) await peer.write(HELLO);
    }
    await peer.write(randomFrame(dice));
    await turn();
  }
  peer?.close();
  return sent;
}

function randomFrame(dice: Dice): Buffer {
  const stream = dice.of([0, 1, 1, 3, 5, 2, 0x7fff_ffff, dice.below(2 ** 31)]);
  const payload = dice.of([
    () => callHeaders('/grpc.health.v1.Health/Check'),
    () => dice.bytes(dice.below(200)),
  ])();
  const made = frame(dice.below(12), dice.of([0, 1, 4, 5, dice.below(256)]), stream, payload);
  // Some say that they are longer or shorter than they are.
  if (dice.below(10) === 0) made.writeUIntBE(dice.below(2 ** 24), 0, 3);
  return made;
}

/** gRPC calls whose requests are spoiled, several at a time. */
export function mutatedCalls(address: string, samples: readonly Sample[], count: number, seed: number) {
  const dice = new Dice(seed);
  return sideBySide(count, () => {
    const caller = new RawCaller(address);
    return {
      async call() {
        const { path, bytes } = dice.of(samples);
        const message = mutate(bytes, dice);
        // The message, or all of what goes into DATA.
        const data = dice.below(8) === 0 ? mutate(grpcMessage(message), dice) : grpcMessage(message);
        return caller.call(callHeaders(path, TIMEOUT), (stream) => dataFrames(stream, data), WITHIN_MS);
      },
      close: () => caller.close(),
    };
  });
}

/** Calls that are odd in one respect each. */
export async function oddCalls(address: string): Promise<Malformed> {
  let silent = 0;
  for (const { headers, body } of ODD_CALLS) {
    const caller = new RawCaller(address);
    if ((await caller.call(headers, body, WITHIN_MS)) === 'silence') silent++;
    await caller.close();
  }
  return { sent: ODD_CALLS.length, silent };
}

/** Requests by HTTP/1.1 whose JSON or protobuf is spoiled. */
export function mutatedRequests(address: string, samples: readonly Sample[], count: number, seed: number) {
  const dice = new Dice(seed);
  const unary = samples.filter((sample) => sample.unary);
  return sideBySide(count, () => ({
    async call(): Promise<End> {
      const { path, bytes, json } = dice.of(unary);
      const asJson = dice.below(2) === 0;
      const body = mutate(asJson ? Buffer.from(json) : bytes, dice);
      const headers = {
        'content-type': asJson ? 'application/json' : 'application/proto',
        'connect-timeout-ms': '2000',
      };
      try {
        const signal = AbortSignal.timeout(WITHIN_MS);
        const answer = await fetch(`http://${address}${path}`, {
          method: 'POST',
          body: Uint8Array.from(body),
          headers,
          signal,
        });
        await answer.arrayBuffer();
        return 'answered';
      } catch (error) {
        return (error as Error).name === 'TimeoutError' ? 'silence' : 'cut';
      }
    },
    close: async () => {},
  }));
}

async function sideBySide(
  count: number,
  makeCaller: () => { call(): Promise<End>; close(): Promise<void> },
): Promise<Malformed> {
  let sent = 0;
  let silent = 0;
  const work = async () => {
    const caller = makeCaller();
    while (sent < count) {
      sent++;
      if ((await caller.call()) === 'silence') silent++;
    }
    await caller.close();
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return { sent, silent };
}
