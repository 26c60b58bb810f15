// Which pages are opened, told to those who run this server, and nothing else: no title, no id, no word of anybody's.
// Whoever wishes is left out (settings, “Being counted”), and so is everybody whose browser asks not to be followed.
import { call, V1 } from "./api.js";
import { ROOT } from "./connection.js";
import { effect, signal, untracked } from "./lib.js";
import { route } from "./route.js";

const AT = `${V1}/analytics`;
/** Long enough for the first load to be over. */
const GATHERING = 15_000;
const MOST = 50;

/** `{ enabled, opted_out }`; null until it is known. */
export const standing = signal(null);
export const look = async () => (standing.value = await call("GET", `${AT}/preferences`));
export const choose = async (out) => (standing.value = await call("PATCH", `${AT}/preferences`, { opted_out: out }));

const isUnwilling = () => navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
const nameOf = ({ name, page }) => (name === "page" ? page.slice(0, 64) : "chat");

/** Notes which pages are opened until `aborted`; whether that ever arrives is nobody's concern. */
export function notePages(aborted) {
  if (isUnwilling()) return;
  let opened = [];
  let timer = null;
  const send = async () => {
    clearTimeout(timer);
    timer = null;
    const pages = opened.splice(0, MOST);
    if (!pages.length || document.visibilityState === "prerender") return;
    const known = standing.peek() ?? (await look().catch(() => null));
    if (known?.enabled && !known.opted_out && !aborted.aborted) await tell(pages).catch(() => null);
  };
  const stop = effect(() => {
    const name = nameOf(route.value);
    untracked(() => {
      if (opened.at(-1) !== name) opened.push(name);
      timer ??= setTimeout(send, GATHERING);
    });
  });
  const onHidden = () => document.hidden && send();
  document.addEventListener("visibilitychange", onHidden);
  aborted.addEventListener("abort", () => {
    stop();
    clearTimeout(timer);
    opened = [];
    standing.value = null;
    document.removeEventListener("visibilitychange", onHidden);
  });
}

function tell(pages) {
  const events = pages.filter((page) => /^[\w-]+$/.test(page)).map((page) => ({ name: "page.opened", properties: { page } }));
  if (!events.length) return Promise.resolve();
  return fetch(new URL(`${AT}/events`, ROOT), {
    method: "POST", keepalive: true, credentials: "same-origin",
    headers: { "Content-Type": "application/json" }, body: JSON.stringify({ events }),
  });
}
