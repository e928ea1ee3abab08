import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// node write-schemas.ts SWAGGER_JSON: writes, beside itself, strict JSON Schemas of the kinds that deploy/ is made
// of. NOTICE tells where the description of the Kubernetes API comes from.

/** The definition of each kind, by its apiVersion and name. */
const KINDS = {
  'v1 Namespace': 'io.k8s.api.core.v1.Namespace',
  'v1 Service': 'io.k8s.api.core.v1.Service',
  'apps/v1 Deployment': 'io.k8s.api.apps.v1.Deployment',
  'networking.k8s.io/v1 NetworkPolicy': 'io.k8s.api.networking.v1.NetworkPolicy',
  'policy/v1 PodDisruptionBudget': 'io.k8s.api.policy.v1.PodDisruptionBudget',
};

/** The part of OpenAPI 2 that describes the API's types. */
interface Definition {
  type?: string;
  format?: string;
  required?: string[];
  properties?: Record<string, Definition>;
  additionalProperties?: Definition;
  items?: Definition;
  $ref?: string;
}

const swagger = JSON.parse(await readFile(process.argv[2] ?? 'swagger.json', 'utf8'));
const definitions: Record<string, unknown> = {};

for (const [kind, definition] of Object.entries(KINDS)) {
  const [apiVersion, name = ''] = kind.split(' ');
  include(definition);
  await write(`${name.toLowerCase()}.json`, {
    required: ['apiVersion', 'kind', 'metadata'],
    properties: { apiVersion: { const: apiVersion }, kind: { const: name } },
    $ref: reference(definition),
  });
}
await write('definitions.json', { version: swagger.info.version, definitions });

function include(name: string): void {
  if (name in definitions) return;
  definitions[name] = null; // Some types contain themselves.
  definitions[name] = strict(swagger.definitions[name]);
}

/**
 * As JSON Schema, which lets no field in that the API does not have: an API server drops such a field without a word.
 */
function strict({
  type,
  format,
  required,
  properties,
  additionalProperties,
  items,
  $ref,
}: Definition): object {
  if ($ref) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    include(name);
    return { $ref: reference(name) };
  }
  if (format === 'int-or-string') return { type: ['integer', 'string'] };
  return {
    ...(type && { type }),
    ...(required && { required }),
    ...(items && { items: strict(items) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, strict(value)])),
      additionalProperties: false,
    }),
    ...(additionalProperties && { additionalProperties: strict(additionalProperties) }),
  };
}

function reference(name: string): string {
  return `definitions.json#/definitions/${name}`;
}

async function write(file: string, schema: object): Promise<void> {
  await writeFile(join(import.meta.dirname, file), `${JSON.stringify(schema)}\n`);
}
