import { type Address, formatAddress } from '../../rpc/address.ts';

/** Where something that listens at `address` is reached from this machine: every interface has this machine's own. */
export function dialable(address: Address): string {
  if (address.host === '0.0.0.0') return formatAddress({ ...address, host: '127.0.0.1' });
  if (address.host === '::') return formatAddress({ ...address, host: '::1' });
  return formatAddress(address);
}
