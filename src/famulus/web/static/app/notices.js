// Short messages beside what the person is doing: what went wrong, and what was done and may be undone.
import { signal } from "./lib.js";

export const notices = signal([]);
let count = 0;

const READING = 12_000;
const GLANCING = 6_000;

function show(notice, milliseconds) {
  const id = (count += 1);
  notices.value = [...notices.value.slice(-3), { id, ...notice }];
  setTimeout(() => dismiss(id), milliseconds);
}

export function notify({ message, correlationId, retryAfter }) {
  const wait = retryAfter ? ` Try again in ${retryAfter} seconds.` : "";
  show({ message: message + wait, correlationId, problem: true }, READING);
}

/** Says what was done; `undo` takes it back. */
export function tell(message, { undo } = {}) {
  show({ message, undo }, undo ? READING : GLANCING);
}

export function dismiss(id) {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** For what a button starts: the answer, or a notice and `undefined`. */
export async function attempt(promise) {
  try {
    return await promise;
  } catch (error) {
    notify(error);
    return undefined;
  }
}
