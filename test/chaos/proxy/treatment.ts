/** From whom bytes come: who dialled the proxy, or whom it dialled in turn. */
export type Way = 'from-dialler' | 'from-dialled';

/** What a proxy does with what it carries. */
export interface Treatment {
  /**
   * What becomes of a new connection: `pass` it on, take it and stay `silent`, take it and answer `garbage`, or
   * `refuse` it with a reset. Default: pass.
   */
  accept?: 'pass' | 'silent' | 'garbage' | 'refuse';
  /** How long bytes are held back each way, in milliseconds. Default: 0. */
  delayMs?: number;
  /** How many bytes arrive in a millisecond, each way. Default: as many as there are. */
  bytesPerMs?: number;
  /**
   * Whose bytes do not arrive, while the connection seems to stand: half-open with one of them, a partition with both.
   * They arrive once it is treated otherwise, as TCP would send them again. Default: nobody's.
   */
  hold?: Way | 'both';
  /** The probability with which a byte is changed, each way. Default: 0. */
  corruptByte?: number;
  /** The probability with which each connection is cut in a second. Default: 0. */
  cutPerSecond?: number;
}
