/**
 * How much a stream, and a connection, may send to a client before it has read it, in bytes. The 64 KiB that
 * HTTP/2 begins with halve what a link carries of large payloads.
 */
export const FLOW_CONTROL_WINDOW = 8 * 1024 * 1024;

/**
 * The same to a server: four of the largest batches of a link. With 8 MiB, 1,200 requests of 20 KB at once come to a
 * standstill in Node's HTTP/2.
 */
export const SERVER_WINDOW = 1024 * 1024;
