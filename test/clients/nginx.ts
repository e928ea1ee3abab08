import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeAddress } from '../polyglot/mesh.ts';

/** An nginx in front of a gRPC server. */
export interface Nginx {
  /** Where it listens, `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/** The least that nginx needs to pass gRPC on, as one process that leaves no file outside of `folder`. */
const config = (folder: string, listen: string, upstream: string) => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen ${listen} http2;
    location / { grpc_pass grpc://${upstream}; }
  }
}
`;

/** Starts an nginx that passes every call on to `upstream`, and waits until it takes connections. */
export async function startNginx(upstream: string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-nginx-'));
  const address = await freeAddress();
  await writeFile(join(folder, 'nginx.conf'), config(folder, address, upstream));
  const child = spawn('nginx', ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const ended = exited.then(([code]) => {
    throw new Error(`nginx exited with code ${code} before it took connections.`);
  });
  await Promise.race([takesConnections(address), ended]);
  ended.catch(() => {});
  return {
    address,
    async close() {
      child.kill('SIGQUIT');
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

async function takesConnections(address: string): Promise<void> {
  const [host, port] = address.split(':');
  for (;;) {
    const socket = connect(Number(port), host);
    const taken = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (taken) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
