import type { Socket } from 'node:net';

/** Calls `take` with each line that comes, parsed as JSON. */
export function onJsonLine<T>(socket: Socket, take: (json: T) => void): void {
  let rest = '';
  socket.setNoDelay().setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) take(JSON.parse(line));
  });
}

/** Sends a value as a line of JSON. */
export function sendJsonLine(socket: Socket, json: unknown): void {
  socket.write(`${JSON.stringify(json)}\n`);
}
