import { parseArgs } from 'node:util';
import { Contestants } from './peers/contestants.ts';
import { Stage } from './process/stage.ts';
import { FULL, QUICK } from './rows/bench.ts';
import { measureTaskRows, TASK_ROWS } from './rows/task-rows.ts';

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
const rows = await measureTaskRows(
  TASK_ROWS.filter(({ id }) => only?.includes(id) ?? true),
  {
    stage,
    contestants: new Contestants({ stage, path: process.env.PATH ?? '', install: !values.quick }),
    plan: values.quick ? QUICK : FULL,
    tell: (what) => console.error(what),
    skip: (what, why) => console.error('skipped', what, why),
  },
);
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
