/**
 * An array or object with what `mend` makes of each of its items or properties; one that becomes undefined is left out.
 * Itself where nothing changes: it is never written to, since others may hold it too.
 */
export function mendEach<All extends object, One>(all: All, mend: (one: One) => One | undefined): All {
  return (Array.isArray(all) ? mendItems(all, mend) : mendProperties(all as Properties<One>, mend)) as All;
}

type Properties<One> = Readonly<Record<string, One>>;

function mendItems<One>(items: readonly One[], mend: (one: One) => One | undefined): readonly One[] {
  const mended = items.map((item) => mend(item)).filter((item) => item !== undefined);
  const isSame = mended.length === items.length && mended.every((item, index) => item === items[index]);
  return isSame ? items : mended;
}

function mendProperties<One>(object: Properties<One>, mend: (one: One) => One | undefined): Properties<One> {
  let mended: Record<string, One> | undefined;
  for (const [name, value] of Object.entries(object)) {
    const now = mend(value);
    if (now === value) continue;
    // A copy has a property called `__proto__` for its own, so that setting it below sets no prototype.
    mended ??= { ...object };
    if (now === undefined) delete mended[name];
    else mended[name] = now;
  }
  return mended ?? object;
}
