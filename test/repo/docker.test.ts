import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ORCHESTRATOR_FLAGS } from '../../services/cli/mesh/orchestrator-flags.ts';
import { Supervisor } from '../../services/cli/mesh/supervisor.ts';
import { Recorder } from '../cli/recorder.ts';
import { command, copy, environment, type Instruction, readDockerfile } from './dockerfile.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The part of a service that the tests look at. */
interface Service {
  command?: string[];
  environment: Record<string, string>;
  healthcheck: { test: string[] };
}

const compose = parse(await readFile(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true });
const services: [string, Service][] = Object.entries(compose.services);
const agents = services.filter(([name]) => name !== 'orchestrator');

describe('docker-compose.yml', () => {
  it('is a compose file by the schema of the compose specification', async () => {
    const schema = await readFile(join(import.meta.dirname, 'compose-spec/compose-spec.json'), 'utf8');
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(schema));
    validate(compose);
    expect(validate.errors).toBe(null);
  });

  it('has a service for every agent of the crew', () => {
    const mains = globSync('services/crew/*/main.ts', { cwd: ROOT }).toSorted();
    expect(agents.map(([, { command }]) => command?.at(-1)).toSorted()).toEqual(mains);
  });

  it.each(agents)(
    'announces %s where others find it, to the orchestrator where it listens',
    (name, agent) => {
      const port = agent.environment.TROUPE_LISTEN?.split(':')[1];
      const orchestratorPort = compose.services.orchestrator.environment.TROUPE_LISTEN.split(':')[1];
      expect(agent.environment.TROUPE_ADVERTISE).toBe(`${name}:${port}`);
      expect(agent.environment.TROUPE_ORCHESTRATORS).toBe(`orchestrator:${orchestratorPort}`);
    },
  );

  it.each(services)('gives %s no more rights than it needs', (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
    });
  });
});

/**
 * There is no Docker where tests run, so its part is played: COPY and RUN in an empty folder, then every service of the
 * compose file, each on a free port of this machine.
 */
describe('the image', () => {
  let instructions: Instruction[];
  let image: string;
  const stderr = new Recorder();
  const names = services.map(([name]) => name);
  const mesh = new Supervisor({ kill: process.kill, names, stdout: new Recorder(), stderr });
  const addresses = new Map<string, string>();

  beforeAll(async () => {
    instructions = await readDockerfile(join(ROOT, 'Dockerfile'));
    image = await mkdtemp(join(tmpdir(), 'troupe-image-'));
    for (const { name, text } of instructions) {
      if (name === 'COPY') await copy(text, ROOT, image);
      if (name === 'RUN') await promisify(execFile)('sh', ['-c', text], { cwd: image, env: inContainer({}) });
    }
  }, 300_000);
  afterAll(async () => {
    await mesh.kill();
    await rm(image, { recursive: true });
  });

  /** The environment of a container, with this test's node before all others. */
  const inContainer = (variables: Record<string, string>) => ({
    // What reaches the registry here, such as its certificates; nothing of a mesh.
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TROUPE_'))),
    ...environment(instructions),
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    npm_config_prefer_offline: 'true',
    ...variables,
  });

  /** Starts a service of the compose file on a free port. Fails where it dies before it is ready. */
  async function start([name, service]: [string, Service]): Promise<void> {
    const orchestrator = addresses.get('orchestrator');
    const ready = mesh.start({
      name,
      role: name === 'orchestrator' ? name : 'agent',
      command: service.command ?? command(instructions),
      cwd: image,
      env: inContainer({
        TROUPE_LISTEN: '127.0.0.1:0',
        ...(orchestrator && { TROUPE_ORCHESTRATORS: orchestrator }),
      }),
    });
    const died = stderr.until(new RegExp(`^${name} .*starts again`)).then(() => {
      throw new Error(`${name} died before it was ready:\n${stderr.text}`);
    });
    addresses.set(name, (await Promise.race([ready, died])).address);
  }

  it('stands on the Node that the project is made for, and runs without root', () => {
    const major = process.versions.node.split('.')[0];
    expect(instructions[0]).toEqual({ name: 'FROM', text: `node:${major}-slim` });
    expect(instructions.find(({ name }) => name === 'USER')?.text).toBe('node');
  });

  it('runs the orchestrator as `troupe up` does, unless it is told otherwise', () => {
    expect(command(instructions)).toEqual(['node', ...ORCHESTRATOR_FLAGS, 'services/orchestrator/main.ts']);
  });

  it.each([
    ['holds', 'node_modules/@grpc/grpc-js', true],
    ['holds', 'services/orchestrator/main.ts', true],
    ['leaves out', 'node_modules/vitest', false],
    ['leaves out', 'services/polyglot', false],
    ['leaves out', 'test', false],
  ])('%s %s', (_, path, there) => {
    expect(existsSync(join(image, path))).toBe(there);
  });

  it('runs every service of the compose file, and each finds itself healthy', async () => {
    await start(services.find(([name]) => name === 'orchestrator')!);
    await Promise.all(agents.map(start));
    for (const [name, { healthcheck }] of services) {
      const [form, program = '', ...args] = healthcheck.test;
      expect(form).toBe('CMD');
      const env = inContainer({ TROUPE_LISTEN: addresses.get(name)! });
      await promisify(execFile)(program, args, { cwd: image, env });
    }
  }, 60_000);

  it('ends every service with code 0 when it is asked to', async () => {
    await mesh.drain();
    // The supervisor tells of every end but one that was asked for and came with code 0.
    expect(stderr.lines.filter((line) => /exited|was ended/.test(line))).toEqual([]);
  }, 60_000);
});
