// Socket.IO as the connection sees it: untyped events behind one small interface.

import { io } from "socket.io-client";

export interface Wire {
  on(event: string, listener: (...values: never[]) => void): unknown;
  emit(event: string, ...values: unknown[]): unknown;
  close(): unknown;
}

// Tells the server that a socket which is dialled again is of the same page: another page's takes its media over.
// Not randomUUID, which pages without a secure context lack: those still connect, and tell what is wrong.
const PAGE = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");

export type Dial = (namespace: string, ticket: string) => Wire;

/**
 * One attempt at a namespace of this page's own server. WebSocket only, so that no node needs to be stuck to; without
 * Socket.IO's own reconnecting, because each handshake needs a fresh ticket.
 */
export const dialSocket: Dial = (namespace, ticket) =>
  io(namespace, { transports: ["websocket"], reconnection: false, forceNew: true, timeout: 5_000, auth: { ticket, page: PAGE } });
