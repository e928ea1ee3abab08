/** A report as one JSON object, its figures to six digits. */
export function toJson(report: object): string {
  return JSON.stringify(report, (_, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
  );
}
