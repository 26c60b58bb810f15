// The list of conversations, kept fresh.
import { conversations as api } from "./api.js";
import { pause } from "./connection.js";
import { signal } from "./lib.js";
import { attempt } from "./notices.js";
import { stage } from "./session.js";

export const list = signal(null);
export const more = signal(null);

const WATCHING = 4_000;
const RESTING = 45_000;
let refreshNow = () => {};

const newestFirst = (one, other) => (one.updated_at < other.updated_at ? 1 : -1);

function merge(found) {
  const known = new Map((list.value ?? []).map((conversation) => [conversation.id, conversation]));
  for (const conversation of found) known.set(conversation.id, conversation);
  list.value = [...known.values()].sort(newestFirst);
}

export const known = (id) => list.value?.find((conversation) => conversation.id === id);
export const put = (conversation) => merge([conversation]);

function forget(id) {
  list.value = (list.value ?? []).filter((conversation) => conversation.id !== id);
}

export async function refresh() {
  const first = await api.list();
  const oldest = first.data.at(-1)?.updated_at ?? "";
  // What is newer than this page's end and not on it has been deleted elsewhere.
  const older = first.has_more ? (list.value ?? []).filter(({ updated_at: at }) => at < oldest) : [];
  if (!older.length) more.value = first.has_more ? first.next : null;
  list.value = older;
  merge(first.data);
}

export async function loadMore() {
  const page = await attempt(api.list(more.value));
  if (!page) return;
  merge(page.data);
  more.value = page.has_more ? page.next : null;
}

export async function refreshOne(id) {
  const found = await api.find(id);
  if (!changing.has(id)) put(found);
}

/** The last change of each conversation that is being changed. */
const changing = new Map();

/** Shown at once, and made in the order in which they are wished for; the answer to the last tells what came of them. */
export async function change(id, fields) {
  put({ ...known(id), ...fields });
  const making = (changing.get(id) ?? Promise.resolve()).then(() => attempt(api.change(id, fields)));
  changing.set(id, making);
  const changed = await making;
  if (changing.get(id) !== making) return;
  changing.delete(id);
  if (changed) put(changed);
  else await attempt(refreshOne(id));
}

export async function remove(id) {
  await api.remove(id);
  forget(id);
}

/** Looks for news while the page is seen: often while something runs, seldom otherwise. */
export async function keepFresh(aborted) {
  while (!aborted.aborted) {
    if (!document.hidden && stage.value === "in") await refresh().catch(() => {});
    const running = list.value?.some((conversation) => conversation.active_run_id);
    await Promise.race([
      pause(running ? WATCHING : RESTING, aborted),
      new Promise((resolve) => (refreshNow = resolve)),
    ]);
  }
}

export function emptyList() {
  list.value = null;
  more.value = null;
}

document.addEventListener("visibilitychange", () => document.hidden || refreshNow());
