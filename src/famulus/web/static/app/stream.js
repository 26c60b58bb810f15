// Follows a run's events to their end, over as many connections as it takes. Not an EventSource: the cursor
// is ours, so that a reload, a reset and a lost connection all go on exactly where they were.
import { open, Refused, runs, Unreachable } from "./api.js";
import { missed, pause } from "./connection.js";

const FROM_THE_START = "0";
const LONGEST_PAUSE = 15_000;
/** The server sends a sign of life every 15 seconds; twice that long without one, the connection is dead. */
const SILENCE = 35_000;

/** Server-sent events out of text that arrives in any pieces. */
export class Frames {
  #rest = "";
  #data = [];
  #event = "";
  #id = null;

  *feed(text) {
    this.#rest += text;
    let end;
    while ((end = this.#rest.search(/\r|\n/)) >= 0) {
      // A carriage return at the very end may be half of a line end.
      if (this.#rest[end] === "\r" && end === this.#rest.length - 1) return;
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + (this.#rest.startsWith("\r\n", end) ? 2 : 1));
      if (line) this.#field(line);
      else if (this.#data.length) yield this.#flush();
      else this.#event = "";
    }
  }

  #field(line) {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }

  #flush() {
    const frame = { event: this.#event || "message", id: this.#id, data: this.#data.join("\n") };
    this.#data = [];
    this.#event = "";
    return frame;
  }
}

/** Hands every event of a run to `onEvent(name, data)`, once, and resolves after the last one. */
export function follow(runId, cursor, onEvent, aborted) {
  cursor.id ??= FROM_THE_START;
  return followEvents(runs.eventsAt(runId), cursor, onEvent, aborted);
}

/**
 * Follows any stream of events, for as long as it goes on. `cursor.id` moves on with each event, so whoever keeps
 * the cursor can go on later.
 */
export async function followEvents(path, cursor, onEvent, aborted) {
  for (let failures = 0; !aborted.aborted; ) {
    const before = cursor.id;
    try {
      if (await readOnce(path, cursor, onEvent, aborted)) return;
    } catch (error) {
      if (aborted.aborted) return;
      if (error instanceof Refused && !passing(error)) throw error;
      if (error.retryAfter) await pause(error.retryAfter * 1_000, aborted);
    }
    failures = cursor.id === before ? failures + 1 : 0;
    const longest = Math.min(250 * 2 ** failures, LONGEST_PAUSE);
    await pause(longest * (0.5 + Math.random() / 2), aborted);
  }
}

const passing = (refused) => refused.status === 429 || refused.status >= 500;

async function readOnce(path, cursor, onEvent, aborted) {
  const silent = new AbortController();
  const stop = () => silent.abort();
  aborted.addEventListener("abort", stop);
  let alarm = setTimeout(stop, SILENCE);
  try {
    const headers = { Accept: "text/event-stream", ...(cursor.id && { "Last-Event-ID": cursor.id }) };
    const answer = await open(path, { headers, aborted: silent.signal });
    if (answer.status === 204) return true;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const frames = new Frames();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      clearTimeout(alarm);
      alarm = setTimeout(stop, SILENCE);
      for (const frame of frames.feed(value)) {
        onEvent(frame.event, JSON.parse(frame.data));
        if (frame.id) cursor.id = frame.id;
        if (frame.event === "done") return true;
      }
    }
  } catch (error) {
    if (!aborted.aborted && !(error instanceof Refused) && !(error instanceof Unreachable)) missed();
    throw error;
  } finally {
    clearTimeout(alarm);
    aborted.removeEventListener("abort", stop);
    silent.abort();
  }
}
