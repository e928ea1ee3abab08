import { InvalidArgumentError } from 'commander';
import { formatAddress, parseAddress } from '../../rpc/address.ts';

/** An address on the command line, `host:port`. Anything else is commander's own error about an argument. */
export function addressValue(text: string): string {
  const address = parseAddress(text);
  if ('violation' in address) throw new InvalidArgumentError(`${address.violation}.`);
  return formatAddress(address);
}

/** An address to listen on: as `addressValue`, but port 0 takes a free one. */
export function listenValue(text: string): string {
  const address = parseAddress(text, { minPort: 0, defaultHost: '127.0.0.1' });
  if ('violation' in address) throw new InvalidArgumentError(`${address.violation}.`);
  return formatAddress(address);
}

/** An address to listen on, or `off`. */
export function listenOrOffValue(text: string): string {
  return text === 'off' ? text : listenValue(text);
}

/** A label, `key=value`, added to those before it. */
export function labelValue(
  text: string,
  labels: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('Write KEY=VALUE.');
  return { ...labels, [key]: value };
}

/** A whole number from 0 to `most`. */
export function countValue(most: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (count <= most) return count;
    throw new InvalidArgumentError(`Write a whole number from 0 to ${most}.`);
  };
}

/** A revision of the shared state. */
export function revisionValue(text: string): bigint {
  if (!/^\d{1,18}$/.test(text))
    throw new InvalidArgumentError('Write a whole number, as "troupe state get -o json" tells it.');
  return BigInt(text);
}

/** One more of an option that may stand several times. */
export function listValue(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
