// Whether the server can be reached. One failed request is no news: a second probe has to fail as well. The
// browser's own idea of "offline" proves nothing, since the server may be on this very machine.
import { signal } from "./lib.js";

export const connected = signal(true);
/** Where the server is, however deep a proxy has put it. */
export const ROOT = new URL("../../", import.meta.url);

const LONGEST_PAUSE = 15_000;
let probing = null;
let probeNow = () => {};

export function reached() {
  connected.value = true;
}

export function missed() {
  probing ??= probe().finally(() => {
    probing = null;
  });
}

/** Resolves after the time given, or earlier: when aborted, or when a lost server is back. */
export function pause(milliseconds, aborted) {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      unsubscribe();
      aborted?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    let lost = !connected.peek();
    const unsubscribe = connected.subscribe((ok) => {
      if (ok && lost) finish();
      lost = !ok;
    });
    aborted?.addEventListener("abort", finish);
  });
}

async function probe() {
  for (let tries = 0; ; tries += 1) {
    if (await answers()) return reached();
    if (tries > 0) connected.value = false;
    const soon = Math.min(1_000 * 2 ** tries, LONGEST_PAUSE);
    await Promise.race([pause(soon), new Promise((resolve) => (probeNow = resolve))]);
  }
}

async function answers() {
  try {
    const signal = AbortSignal.timeout(5_000);
    const answer = await fetch(new URL("api/v1/auth/state", ROOT), { cache: "no-store", signal });
    return answer.status < 502 || answer.status > 504;
  } catch {
    return false;
  }
}

addEventListener("online", () => probeNow());
addEventListener("offline", missed);
document.addEventListener("visibilitychange", () => document.hidden || probeNow());
