import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { httpDoor } from '../../../services/cli/mesh/http-door.ts';

/** Where the door is, and what is said of it. */
async function doorOf(asked: string | undefined, orchestrator: string) {
  const told: string[] = [];
  const http = await httpDoor(asked, orchestrator, async (line) => void told.push(line));
  return { http, told };
}

describe('the HTTP door of a mesh on this machine', () => {
  it.each(['127.0.0.1:1234', 'off'])('is where it is asked for: %s', async (asked) => {
    expect(await doorOf(asked, '127.0.0.1:50051')).toEqual({ http: asked, told: [] });
  });

  it('is not opened beside an orchestrator at an address of its own', async () => {
    expect(await doorOf(undefined, '127.0.0.1:50052')).toEqual({ http: 'off', told: [] });
  });

  it('is not opened where something listens already, and that is told', async () => {
    const server = createServer();
    // Whether this or another program has the port: it is taken.
    await new Promise((resolve) =>
      server.on('error', resolve).listen(8080, '127.0.0.1', () => resolve(null)),
    );
    const { http, told } = await doorOf(undefined, '127.0.0.1:50051');
    server.close();
    expect(http).toBe('off');
    expect(told).toEqual([expect.stringContaining('something listens at 127.0.0.1:8080 already')]);
  });
});
