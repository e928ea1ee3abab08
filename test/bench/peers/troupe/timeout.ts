/** How long a task may take, in milliseconds: every task of the benchmark has a deadline. */
export const TIMEOUT_MS = 30_000;
