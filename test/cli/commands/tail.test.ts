import type { Value } from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';
import { TestMesh } from '../../orchestrator/test-mesh.ts';
import { start } from '../command-line.ts';

const mesh = new TestMesh();
const NAN: Value = { $typeName: 'google.protobuf.Value', kind: { case: 'numberValue', value: Number.NaN } };

it.each([
  ['text', [], /payload is NaN/],
  ['JSON', ['-o', 'json'], /"timestamp": ?"9999-12-31T23:59:59.999999999Z"/],
])('what no JSON can hold hides nothing else from troupe tail, in %s', async (_, flags, shown) => {
  const orchestrator = await mesh.orchestrator({ logPayloads: true });
  await mesh.agent(
    { id: 'echo', capabilities: { 'echo.say': { handle: () => 'hello' } } },
    { orchestrators: [orchestrator.address] },
  );
  await orchestrator.knows('echo');
  const odd = { capability: 'echo.say', payload: NAN, timestamp: { seconds: 2n ** 50n } };
  await orchestrator.rpc.dispatch({ message: odd }).catch(() => {});
  await orchestrator.rpc.dispatch({ message: { capability: 'echo.say' } });
  const { stdout, ended, interrupt } = start(['tail', '-O', orchestrator.address, ...flags]);
  await Promise.race([stdout.until(/hello/), ended]);
  expect(stdout.text).toMatch(shown);
  expect(stdout.text).toContain('hello');
  interrupt();
  expect(await ended).toBe(130);
});
