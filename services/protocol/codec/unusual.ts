/**
 * Thrown by our codec at what it does not handle: a form that is allowed but rare, or bytes that are malformed. It is
 * caught where the codec was entered, and protobuf-es does the same work: it handles all, or says what is wrong. That
 * keeps the codec to the one way in which nearly every message is written.
 */
export const UNUSUAL = new Error('an unusual form of protobuf, left to protobuf-es');
