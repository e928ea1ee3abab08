import { parseArgs } from 'node:util';
import { Contestants } from './peers/contestants.ts';
import { Stage } from './process/stage.ts';
import { FULL, QUICK } from './rows/bench.ts';
import { FAMILIES } from './rows/families.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    assert: { type: 'boolean' },
    only: { type: 'string' },
    write: { type: 'boolean' },
    profile: { type: 'string' },
  },
});
const stage = new Stage({ env: process.env, profile: values.profile });
process.once('exit', () => stage.kill());
const only = values.only?.split(',');
const bench = {
  stage,
  contestants: new Contestants({ stage, path: process.env.PATH ?? '', install: !values.quick }),
  plan: values.quick ? QUICK : FULL,
  tell: (what: string) => console.error(what),
  skip: (what: string, why: string) => console.error('skipped', what, why),
};
const rows = [];
for (const family of FAMILIES) {
  const wanted = new Set(family.plans.map(({ id }) => id).filter((id) => only?.includes(id) ?? true));
  if (wanted.size > 0) {
    const t = performance.now();
    rows.push(...(await family.measure(wanted, bench)));
    console.error(performance.now() - t);
  }
}
await stage.close();
if (values.json) console.log(JSON.stringify({ rows }, null, 2));
else {
  console.table(
    rows.map(({ id, unit, value, baseline, ratio, must, aim, met }) => ({
      id,
      unit,
      value,
      baseline,
      ratio,
      must,
      aim,
      met,
    })),
  );
  for (const row of rows)
    console.log(
      row.id,
      JSON.stringify(row.detail, (_, v) => (typeof v === 'number' ? Math.round(v * 100) / 100 : v)),
    );
}
