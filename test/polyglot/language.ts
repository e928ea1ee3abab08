import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ToolName } from '../clients/tools.ts';

/** A language that members and clients are written in. */
export type LanguageName = 'python' | 'go' | 'java';

/** A program and its arguments. */
export type Command = readonly string[];

/** What has to be there to build something, and how it is built. */
export interface Toolchain {
  /** Where its sources are. */
  folder: string;
  /** What has to be there, by what it says about itself; a command that fails is missing. */
  needs: readonly { name: string; check: Command }[];
  /** What builds it, in its folder, one after the other; stubs first. */
  build: readonly Command[];
}

/** A language's toolchain. */
export interface Language extends Toolchain {
  /** Its name, for people. */
  label: string;
}

const POLYGLOT = resolve(import.meta.dirname, '../../services/polyglot');
const PROTO = resolve(import.meta.dirname, '../../proto');

const PROTOS = globSync(`${PROTO}/troupe/v1/*.proto`);

/** The languages, and how each is built. */
export const LANGUAGES: Readonly<Record<LanguageName, Language>> = {
  python: {
    label: 'Python',
    folder: resolve(POLYGLOT, 'python'),
    needs: [
      {
        name: 'Python 3.11 or newer with venv (python3)',
        check: ['python3', '-c', 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'],
      },
    ],
    build: [
      // One that is there stays: another Python would break it.
      ['sh', '-c', 'test -x .venv/bin/pip || python3 -m venv --clear .venv'],
      ['.venv/bin/pip', 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt'],
      ['mkdir', '-p', 'gen'],
      [
        '.venv/bin/python',
        '-m',
        'grpc_tools.protoc',
        `-I${PROTO}`,
        `-I${PROTO}/vendor`,
        '--python_out=gen',
        '--pyi_out=gen',
        '--grpc_python_out=gen',
        ...PROTOS,
      ],
    ],
  },
  go: {
    label: 'Go',
    folder: resolve(POLYGLOT, 'go'),
    needs: [{ name: 'Go (go)', check: ['go', 'version'] }],
    build: [
      ['go', 'generate', './...'],
      ['go', 'build', '-o', 'bin/', './cmd/...'],
    ],
  },
  java: {
    label: 'Java',
    folder: resolve(POLYGLOT, 'java'),
    needs: [
      { name: 'JDK 17 or newer (javac)', check: ['javac', '--release', '17', '--version'] },
      { name: 'Maven (mvn)', check: ['mvn', '--version'] },
    ],
    build: [['mvn', '--quiet', '--batch-mode', 'package']],
  },
};

/** What became of a build. */
export type Build =
  | { state: 'built' }
  /** Its toolchain is not there, and nobody requires it. */
  | { state: 'missing'; why: string }
  /** It could not be built, or is required and missing: its tests fail. */
  | { state: 'failed'; why: string };

declare module 'vitest' {
  export interface ProvidedContext {
    builds: Record<LanguageName | ToolName, Build>;
  }
}
