// Short messages about something that went wrong outside of a conversation.
import { signal } from "./lib.js";

export const notices = signal([]);
let count = 0;

export function notify(error) {
  const id = (count += 1);
  notices.value = [...notices.value, { id, message: error.message, correlationId: error.correlationId }];
  setTimeout(() => dismiss(id), 12_000);
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
