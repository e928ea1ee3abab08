/**
 * How long a task that may be tried again waits for a lost instance to come back, where there is no other, in
 * milliseconds. Ours: one whose connection alone broke is dialled again after 0.05 to 0.1 s.
 */
export const RETURN_MS = 1_000;

/** How often it looks whether one has, in milliseconds. */
export const RETURN_LOOK_MS = 50;
