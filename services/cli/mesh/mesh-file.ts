import { resolve } from 'node:path';
import { type AddressOptions, formatAddress, parseAddress } from '../../rpc/address.ts';
import { readYaml, type YamlResult } from '../input/yaml-source.ts';
import type { YamlValue } from '../input/yaml-value.ts';

/** A mesh on one machine, as `mesh.yaml` describes it; every default is filled in. */
export interface MeshFile {
  readonly orchestrator: MeshOrchestrator;
  /** In the order of the file. */
  readonly agents: readonly MeshAgent[];
}

/** The orchestrator of a mesh file. */
export interface MeshOrchestrator {
  /** Where it listens, `host:port`; port 0 takes a free one. Default: `127.0.0.1:50051`. */
  readonly listen: string;
  /** Whether payloads are kept in the log of messages. Default: false. */
  readonly logPayloads: boolean;
  /** Addresses of instances that do not announce themselves. Default: none. */
  readonly static: readonly string[];
  /** Names, with a port, whose every address is an instance. Default: none. */
  readonly dns: readonly string[];
  /** What is added to its environment. Default: nothing. */
  readonly env: Readonly<Record<string, string>>;
}

/** An agent of a mesh file. */
export interface MeshAgent {
  /** Its name: 1 to 128 characters of `a-z A-Z 0-9 . _ -`, as the contract has it for an agent's id. */
  readonly name: string;
  /** What is run, with its arguments. In the file it is this, or `module`: a path that this same node runs. */
  readonly command: readonly string[];
  /** How many instances run, 1 to 64. Default: 1. */
  readonly instances: number;
  /** What is added to its environment. Default: nothing. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * The folder that it runs in, absolute. In the file it is relative to the file's own folder, which is the default.
   */
  readonly cwd: string;
}

/** What a mesh file is read with. */
export interface MeshFileOptions {
  /** The file's name, for mistakes. */
  file: string;
  /** The folder that paths in the file are relative to. */
  folder: string;
  /** The node that runs a `module`. */
  node: string;
}

/** Reads and checks what a mesh file holds. */
export function readMeshFile(text: string, options: MeshFileOptions): YamlResult<MeshFile> {
  return readYaml(options.file, text, (root) => {
    const { orchestrator, agents } = root.object(['orchestrator', 'agents']);
    const entries = agents?.entries() ?? [];
    return {
      orchestrator: readOrchestrator(orchestrator),
      agents: entries.map(({ key, value }) => readAgent(readName(key), value, options)),
    };
  });
}

function readOrchestrator(value: YamlValue | undefined): MeshOrchestrator {
  const keys = value?.object(['listen', 'logPayloads', 'static', 'dns', 'env']);
  return {
    listen: keys?.listen ? readAddress(keys.listen, { minPort: 0 }) : '127.0.0.1:50051',
    logPayloads: keys?.logPayloads?.boolean() ?? false,
    static: readAddresses(keys?.static),
    dns: readAddresses(keys?.dns),
    env: readEnv(keys?.env),
  };
}

function readAgent(name: string, value: YamlValue, options: MeshFileOptions): MeshAgent {
  const keys = value.object(['command', 'module', 'instances', 'env', 'cwd']);
  if (keys.command && keys.module) keys.module.wrong('"command" is there too: keep one of the two');
  if (!keys.command && !keys.module) {
    value.lacks(
      `the agent "${name}" needs a "command" ([program, argument, …]) or a "module" (path of a main.ts)`,
    );
  }
  return {
    name,
    command: keys.module ? [options.node, keys.module.text()] : readCommand(keys.command),
    instances: keys.instances?.integer(1, 64) ?? 1,
    env: readEnv(keys.env),
    cwd: resolve(options.folder, keys.cwd?.text() ?? '.'),
  };
}

function readName(key: YamlValue): string {
  const name = key.text();
  if (!/^[a-zA-Z0-9._-]{1,128}$/.test(name)) {
    key.wrong(`"${name}" cannot be an agent's name: 1 to 128 characters of a-z A-Z 0-9 . _ -`);
  }
  return name;
}

function readCommand(value: YamlValue | undefined): string[] {
  return value?.list(1, 256).map((word) => word.text()) ?? [];
}

function readAddresses(value: YamlValue | undefined): string[] {
  const addresses: string[] = [];
  for (const item of value?.list() ?? []) {
    const address = readAddress(item);
    if (addresses.includes(address)) item.wrong(`"${address}" stands twice in the list`);
    addresses.push(address);
  }
  return addresses;
}

function readAddress(value: YamlValue, options?: AddressOptions): string {
  const address = parseAddress(value.text(), options);
  if (!('violation' in address)) return formatAddress(address);
  value.wrong(address.violation);
  return '';
}

function readEnv(value: YamlValue | undefined): Record<string, string> {
  const variables = (value?.entries() ?? []).map(({ key, value }) => {
    const name = key.text();
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      key.wrong(`"${name}" cannot be a variable's name: letters, digits and _, not beginning with a digit`);
    }
    return [name, value.text()];
  });
  return Object.fromEntries(variables);
}
