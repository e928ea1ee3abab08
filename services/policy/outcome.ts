/**
 * How a call to an instance ended, as far as it tells of the instance. Who calls decides which is which: an
 * instance that refused an input or whose handler failed has done its part (`success`); one that was lost, was
 * silent, or answered UNAVAILABLE, INTERNAL or DATA_LOSS has not (`failure`); a call that its caller withdrew says
 * nothing (`ignored`).
 */
export type Outcome = 'success' | 'failure' | 'ignored';
