/**
 * How much a stream, and a connection, may send before the other end has read it, in bytes. The 64 KiB that
 * HTTP/2 begins with halve what a link carries of large payloads.
 */
export const FLOW_CONTROL_WINDOW = 8 * 1024 * 1024;
