import { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import { type ExpectedInstance, isSameInstance } from '../discovery/discovery.ts';

/** Who says that an instance is at an address, and so who may be there. */
export class Claims {
  readonly #sources = new Set<DiscoverySource>();
  /** Who announced itself there. */
  #holder: ExpectedInstance | undefined;
  /** Who announces itself there at this moment. */
  readonly #announcing = new Set<ExpectedInstance>();

  /** Whether anybody says so. */
  get any(): boolean {
    return this.#sources.size > 0 || this.#announcing.size > 0;
  }

  /** How the address came to be known. */
  get source(): DiscoverySource {
    const [source = DiscoverySource.ANNOUNCED] = this.#sources;
    return source;
  }

  /** Notes that a source knows of the address, and whom it expects there. */
  found(source: DiscoverySource, expected?: ExpectedInstance): void {
    this.#sources.add(source);
    if (source === DiscoverySource.ANNOUNCED) this.#holder = expected;
  }

  /** Notes that a source knows of it no more. */
  gone(source: DiscoverySource): void {
    this.#sources.delete(source);
    if (source === DiscoverySource.ANNOUNCED) this.#holder = undefined;
  }

  /** Notes that an instance announces itself, until the function that it returns is called. */
  announce(instance: ExpectedInstance): () => void {
    this.#announcing.add(instance);
    return () => this.#announcing.delete(instance);
  }

  /**
   * Whom to expect instead of `found`; nothing where that one may be there. At an address that is only known
   * by announcement nobody else may: ports are used again.
   */
  insteadOf(found: ExpectedInstance): ExpectedInstance | undefined {
    if (this.#sources.has(DiscoverySource.STATIC) || this.#sources.has(DiscoverySource.DNS)) return undefined;
    const expected = [...this.#announcing, ...(this.#holder ? [this.#holder] : [])];
    return expected.some((instance) => isSameInstance(instance, found)) ? undefined : expected[0];
  }
}
