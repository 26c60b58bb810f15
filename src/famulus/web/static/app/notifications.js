// How many notifications are new, live for as long as the page is seen. A page that is not seen lets go of its
// stream: a browser has few connections to one server, and an answer needs one.
import { V1 } from "./api.js";
import { signal } from "./lib.js";
import { tell } from "./notices.js";
import { followEvents } from "./stream.js";

export const unread = signal(0);
/** Rises whenever something about the notifications has changed. */
export const news = signal(0);

const AT = `${V1}/notifications`;

/** Follows the person's notifications until `aborted`. */
export async function keepCounting(aborted) {
  const cursor = { id: null };
  while (!aborted.aborted) {
    await seen(aborted);
    const left = new AbortController();
    const leave = () => (document.hidden || aborted.aborted) && left.abort();
    document.addEventListener("visibilitychange", leave);
    aborted.addEventListener("abort", leave);
    await followEvents(`${AT}/events`, cursor, heard, left.signal).catch(() => left.abort());
    document.removeEventListener("visibilitychange", leave);
    aborted.removeEventListener("abort", leave);
    if (!left.signal.aborted) return;
  }
}

function heard(name, data) {
  if (typeof data.unread !== "number") return;
  unread.value = data.unread;
  news.value += 1;
  if (name === "notification.created" && data.notification) tell(data.notification.title);
}

const seen = (aborted) =>
  new Promise((resolve) => {
    if (!document.hidden || aborted.aborted) return void resolve();
    const look = () => {
      if (document.hidden && !aborted.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    aborted.addEventListener("abort", look);
  });
