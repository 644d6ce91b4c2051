import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Connection, Refused, retryDelay, type ConnectionOptions } from "./connection";
import type { Wire } from "./dial";
import type { CallerView, FromCaller, ViewChanges } from "./messages";

type Sent = readonly [event: string, message: Record<string, unknown>, answer?: (answer: unknown) => void];

/** The server's end of one dialled socket. */
class Socket implements Wire {
  readonly sent: Sent[] = [];
  readonly #listeners = new Map<string, (...values: never[]) => void>();
  closed = false;

  on(event: string, listener: (...values: never[]) => void): void {
    this.#listeners.set(event, listener);
  }
  emit(event: string, ...values: unknown[]): void {
    this.sent.push([event, ...values] as unknown as Sent);
  }
  close(): void {
    this.closed = true;
  }
  says(event: string, ...values: unknown[]): void {
    this.#listeners.get(event)?.(...(values as never[]));
  }
}

const sockets: Socket[] = [];
const tickets: string[] = [];
const last = (): Socket => sockets.at(-1) as Socket;
const view = (version: number, beat_s = 2): CallerView => ({ version, server_time: 1_000_000 * version, beat_s, call: null });
const quicker = (since: number, beat_s: number): ViewChanges => ({
  since,
  version: since + 1,
  server_time: 1_000_000 * (since + 1),
  changes: [[["beat_s"], beat_s]],
});
const beats = (socket: Socket): unknown[] => socket.sent.flatMap(([event, { version }]) => (event === "beat" ? [version] : []));

function connect(options: Partial<ConnectionOptions> = {}): Connection<CallerView, FromCaller> {
  const connection = new Connection<CallerView, FromCaller>({
    namespace: "/caller",
    ticket: () => Promise.resolve(`ticket ${sockets.length}`),
    dial: (_namespace, ticket) => {
      tickets.push(ticket);
      sockets.push(new Socket());
      return last();
    },
    ...options,
  });
  connection.start();
  return connection;
}

async function up(connection: Connection<CallerView, FromCaller>): Promise<Socket> {
  await vi.advanceTimersByTimeAsync(3_000);
  last().says("connect");
  expect(connection.state.get().status).toBe("up");
  return last();
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  sockets.length = 0;
  tickets.length = 0;
});

describe("dialling", () => {
  test("each handshake fetches a ticket anew", async () => {
    const connection = connect();
    const first = await up(connection);
    first.says("disconnect");
    expect(connection.state.get().status).toBe("down");
    await up(connection);
    expect(tickets).toEqual(["ticket 0", "ticket 1"]);
    connection.stop();
  });

  test("a ticket that cannot be fetched is tried for again", async () => {
    const ticket = vi.fn().mockRejectedValueOnce(new TypeError("offline")).mockResolvedValue("ticket");
    const connection = connect({ ticket });
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.state.get().status).toBe("down");
    await up(connection);
    connection.stop();
  });

  test("a refused ticket is final", async () => {
    const ticket = vi.fn().mockRejectedValue(new Refused());
    const connection = connect({ ticket });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connection.state.get().status).toBe("refused");
    expect(ticket).toHaveBeenCalledTimes(1);
  });

  test("a handshake that hangs is given up and dialled again", async () => {
    const connection = connect();
    await vi.advanceTimersByTimeAsync(8_000);
    expect(sockets[0]?.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sockets).toHaveLength(2);
    connection.stop();
  });

  test("another tab takes over: it stops until it is started again", async () => {
    const connection = connect();
    (await up(connection)).says("replaced", {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connection.state.get().status).toBe("replaced");
    expect(sockets).toHaveLength(1);
    expect(last().closed).toBe(true);
    connection.start();
    await up(connection);
    connection.stop();
  });

  test("the network's return dials at once", async () => {
    const connection = connect();
    (await up(connection)).says("disconnect");
    window.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets).toHaveLength(2);
    connection.stop();
  });

  test("delays grow to 2 s and are spread by chance", () => {
    expect([0, 1, 2, 3, 9].map((failures) => retryDelay(failures, 0.5))).toEqual([300, 600, 1200, 2000, 2000]);
    expect(retryDelay(0, 0)).toBe(225);
    expect(retryDelay(0, 0.999)).toBeLessThan(375);
  });
});

describe("views", () => {
  test("an older version is ignored, an equal one is shown", async () => {
    const connection = connect();
    const socket = await up(connection);
    socket.says("view", view(5));
    socket.says("view", view(4));
    expect(connection.state.get().view?.version).toBe(5);
    const again = view(5);
    socket.says("view", again);
    expect(connection.state.get().view).toBe(again);
    connection.stop();
  });

  test("the last view stays while the connection is down, and the first of the next one counts", async () => {
    const connection = connect();
    const socket = await up(connection);
    socket.says("view", view(5));
    socket.says("disconnect");
    expect(connection.state.get().view?.version).toBe(5);
    (await up(connection)).says("view", view(2));
    expect(connection.state.get().view?.version).toBe(2);
    expect(connection.serverNow()).toBeGreaterThanOrEqual(2_000_000);
    connection.stop();
  });

  test("changes are made to the version that they are for", async () => {
    const connection = connect();
    const socket = await up(connection);
    socket.says("view", view(5));
    const { view: before } = connection.state.get();
    socket.says("changes", quicker(5, 1));
    expect(connection.state.get().view).toEqual({ version: 6, server_time: 6_000_000, beat_s: 1, call: null });
    expect(before?.version).toBe(5);
    connection.stop();
  });

  test("a page that misses a version asks for the whole view, and goes on from it", async () => {
    const connection = connect();
    const socket = await up(connection);
    socket.says("view", view(5));
    socket.says("changes", quicker(6, 5));
    expect(connection.state.get().view?.version).toBe(5);
    expect(beats(socket)).toEqual([0]);
    socket.says("view", view(7));
    socket.says("changes", quicker(7, 5));
    expect(connection.state.get().view).toMatchObject({ version: 8, beat_s: 5 });
    expect(beats(socket)).toEqual([0]);
    connection.stop();
  });

  test("changes that do not fit the view are not made: the page asks for the whole", async () => {
    const connection = connect();
    const socket = await up(connection);
    socket.says("view", view(5));
    socket.says("changes", { ...quicker(5, 1), changes: [[["call", "state"], "active"]] });
    expect(connection.state.get().view?.version).toBe(5);
    expect(beats(socket)).toEqual([0]);
    connection.stop();
  });

  test("changes that are known already are passed over", async () => {
    const connection = connect();
    const socket = await up(connection);
    socket.says("view", view(5));
    socket.says("changes", quicker(4, 1));
    expect(connection.state.get().view?.beat_s).toBe(2);
    expect(beats(socket)).toEqual([]);
    connection.stop();
  });

  test("a new connection's changes are never made to the view of the one before", async () => {
    const connection = connect();
    const socket = await up(connection);
    socket.says("view", view(5));
    socket.says("disconnect");
    const next = await up(connection);
    await vi.advanceTimersByTimeAsync(2_000);
    next.says("changes", quicker(5, 1));
    expect(connection.state.get().view?.version).toBe(5);
    expect(new Set(beats(next))).toEqual(new Set([0]));
    connection.stop();
  });

  test("beats tell every 2 s which version is shown", async () => {
    const connection = connect();
    const socket = await up(connection);
    socket.says("view", view(5));
    await vi.advanceTimersByTimeAsync(4_000);
    expect(beats(socket)).toEqual([5, 5]);
    connection.stop();
  });

  test("the view says how often to beat; where that is more often, the page does so at once", async () => {
    const connection = connect();
    const socket = await up(connection);
    socket.says("view", view(1, 5));
    await vi.advanceTimersByTimeAsync(4_900);
    expect(beats(socket)).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(beats(socket)).toEqual([1]);
    socket.says("changes", quicker(1, 2));
    expect(beats(socket)).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(beats(socket)).toEqual([1, 2, 2]);
    connection.stop();
  });
});

describe("presses", () => {
  test("a press is repeated with the same request id after a reconnect, until it is answered", async () => {
    const connection = connect();
    const socket = await up(connection);
    const answer = connection.press("call.ready", { consent_version: "1" });
    socket.says("disconnect");
    const next = await up(connection);
    const [[, first], [, second, reply]] = [socket.sent.at(-1) as Sent, next.sent.at(-1) as Sent];
    expect(second).toEqual(first);
    reply?.({ code: "ok", detail: "" });
    expect(await answer).toEqual({ code: "ok", detail: "" });
    next.says("disconnect");
    expect((await up(connection)).sent).toEqual([]);
    connection.stop();
  });

  test("two presses have two request ids", async () => {
    const connection = connect();
    const socket = await up(connection);
    void connection.press("call.hangup", {});
    void connection.press("call.hangup", {});
    const [first, second] = socket.sent.map(([, message]) => message["request"]);
    expect(first).not.toBe(second);
    connection.stop();
  });

  test("a press that was made while the connection was down is sent when it is up", async () => {
    const connection = connect();
    void connection.press("call.hangup", {});
    expect((await up(connection)).sent.map(([event]) => event)).toContain("call.hangup");
    connection.stop();
  });

  test("a press that nobody answers for 10 s is answered no_answer", async () => {
    const connection = connect();
    await up(connection);
    const answer = connection.press("call.hangup", {});
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await answer).code).toBe("no_answer");
    connection.stop();
  });

  test("reports are dropped while the connection is down", async () => {
    const connection = connect();
    connection.report("media.presented", { frame: { media: 1, rtp_timestamp: 90 } });
    expect((await up(connection)).sent.map(([event]) => event)).not.toContain("media.presented");
    connection.stop();
  });
});
