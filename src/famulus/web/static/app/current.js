// The conversation that the address names.
import { Chat } from "./chat.js";
import { list, known, remove } from "./conversations.js";
import { effect, signal, untracked } from "./lib.js";
import { attempt } from "./notices.js";
import { AT_THE_DOOR, goTo, route } from "./route.js";
import { stage } from "./session.js";

export const current = signal(null);

function show(id) {
  if (current.peek() && current.peek().id.peek() === id) return;
  current.peek()?.leave();
  current.value = new Chat(id);
}

function showNothing() {
  current.value?.leave();
  current.value = null;
}

export function startNew() {
  if (route.peek().name !== "new") goTo(null);
  // From another page, the field is drawn first.
  setTimeout(() => document.querySelector("#message")?.focus());
}

export async function removeConversation(id) {
  await attempt(remove(id));
  if (!known(id) && route.peek().id === id) goTo(null, { replace: true });
}

function catchUp(chat, active) {
  const turns = chat.turns.value;
  const busy = chat.stage.value !== "ready" || chat.atWork.value.length > 0;
  const unsent = turns.some((turn) => turn.delivery.value !== "kept");
  if (!busy && !unsent && !turns.some((turn) => turn.runId === active)) chat.load();
}

/** Keeps the address and the conversation together for as long as somebody is signed in. */
export function keepTogether() {
  effect(() => {
    const { name, id = null } = route.value;
    const here = stage.value;
    // A page beside the conversation leaves it as it is: its answer goes on, and is there on the way back.
    if (here === "in" && name === "page") return;
    untracked(() => (here === "in" && !AT_THE_DOOR.includes(name) ? show(id) : showNothing()));
  });
  effect(() => {
    const chat = current.value;
    const id = chat?.id.value;
    if (id && route.peek().name === "new") goTo(id, { replace: true });
  });
  // A run that another tab or program began in this conversation shows up as news in the list.
  effect(() => {
    const id = current.value?.id.value;
    const active = list.value?.find((conversation) => conversation.id === id)?.active_run_id;
    if (active) untracked(() => catchUp(current.value, active));
  });
}
