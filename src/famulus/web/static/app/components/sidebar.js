import { change, list, loadMore, more } from "../conversations.js";
import { removeConversation, startNew } from "../current.js";
import { html, memo, signal, useEffect, useRef, useState } from "../lib.js";
import { attempt } from "../notices.js";
import { linkTo, route } from "../route.js";
import { person } from "../session.js";
import { ask } from "./ask.js";
import { Close, Gear, Mark, More, Plus, Star } from "./icons.js";

const renaming = signal(null);
const chosen = signal(null);
const DAY = 86_400_000;

export function Sidebar({ open, onClose, onSettings }) {
  return html`<nav class="side ${open ? "open" : ""}" aria-label="Conversations">
    <div class="brand">
      <${Mark} /><strong>Famulus</strong>
      <button type="button" class="icon only-narrow" aria-label="Close" onClick=${onClose}><${Close} /></button>
    </div>
    <button type="button" class="new" onClick=${() => (startNew(), onClose())}><${Plus} />New conversation</button>
    <div class="list">
      ${list.value && !list.value.length && html`<p class="empty">Your conversations will be kept here.</p>`}
      ${groups(list.value ?? []).map(
        ([name, members]) => html`<section key=${name}>
          <h3>${name}</h3>
          <ul>${members.map((conversation) => html`<${Item} key=${conversation.id} conversation=${conversation} onChoose=${onClose} />`)}</ul>
        </section>`,
      )}
      ${more.value && html`<${ShowMore} />`}
    </div>
    <button type="button" class="who" onClick=${onSettings} title="Settings">
      <span class="face" aria-hidden="true">${initial()}</span>
      <span class="who-name">${person.value?.name || person.value?.email || "You"}</span>
      <${Gear} /><span class="off-screen">Settings</span>
    </button>
    <${ItemMenu} />
  </nav>`;
}

const initial = () => (person.value?.name || person.value?.email || "·").trim().charAt(0).toUpperCase();

function groups(conversations) {
  const today = new Date().setHours(0, 0, 0, 0);
  const group = ({ starred, updated_at: at }) => {
    const time = Date.parse(at);
    if (starred) return "Starred";
    if (time >= today) return "Today";
    if (time >= today - DAY) return "Yesterday";
    return time >= today - 7 * DAY ? "Last seven days" : "Earlier";
  };
  const names = ["Starred", "Today", "Yesterday", "Last seven days", "Earlier"];
  const sorted = Map.groupBy ? Map.groupBy(conversations, group) : groupedBy(conversations, group);
  return names.filter((name) => sorted.has(name)).map((name) => [name, sorted.get(name)]);
}

function groupedBy(items, group) {
  const sorted = new Map();
  for (const item of items) sorted.set(group(item), [...(sorted.get(group(item)) ?? []), item]);
  return sorted;
}

const Item = memo(({ conversation, onChoose }) => {
  const { id, title, unread, active_run_id: active } = conversation;
  if (renaming.value === id) return html`<li><${Rename} conversation=${conversation} /></li>`;
  const here = route.value.id === id;
  const openMenu = (event) => {
    chosen.value = { conversation, button: event.currentTarget };
  };
  return html`<li class="item ${here ? "here" : ""} ${unread && !here ? "unread" : ""}">
    <a href=${linkTo(id)} aria-current=${here ? "page" : undefined} onClick=${onChoose} title=${title}>
      <span class="item-title">${title || "Untitled"}</span>
      ${active && html`<span class="dot"><span class="off-screen">is being answered</span></span>`}
    </a>
    <button type="button" class="icon more" aria-label=${`More about ${title}`} aria-haspopup="true" onClick=${openMenu}>
      <${More} />
    </button>
  </li>`;
});

function Rename({ conversation }) {
  const [title, setTitle] = useState(conversation.title);
  const field = useRef(null);
  useEffect(() => field.current.select(), []);
  const finish = (keep) => {
    if (renaming.peek() !== conversation.id) return;
    renaming.value = null;
    const changed = title.trim() && title.trim() !== conversation.title;
    if (keep && changed) change(conversation.id, { title: title.trim() });
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" || event.key === "Escape") finish(event.key === "Enter");
    event.stopPropagation();
  };
  return html`<input class="rename" ref=${field} value=${title} aria-label="Title" maxlength="200"
    onInput=${(event) => setTitle(event.target.value)} onBlur=${() => finish(true)} onKeyDown=${onKeyDown} />`;
}

/** One menu for the whole list, laid beside the button that opened it. */
function ItemMenu() {
  const menu = useRef(null);
  const found = chosen.value;
  useEffect(() => {
    if (!found) return;
    const { bottom, right } = found.button.getBoundingClientRect();
    menu.current.showPopover();
    menu.current.style.top = `${Math.min(bottom + 4, innerHeight - menu.current.offsetHeight - 8)}px`;
    menu.current.style.left = `${Math.max(8, right - menu.current.offsetWidth)}px`;
    menu.current.querySelector("button").focus();
  }, [found]);
  const act = (action) => () => {
    menu.current.hidePopover();
    action(found.conversation);
  };
  const onToggle = (event) => event.newState === "closed" && (chosen.value = null);
  const starred = found?.conversation.starred;
  return html`<div popover="auto" class="menu" ref=${menu} onToggle=${onToggle}>
    <button type="button" onClick=${act(({ id }) => change(id, { starred: !starred }))}>
      <${Star} />${starred ? "Remove star" : "Star"}
    </button>
    <button type="button" onClick=${act(({ id }) => (renaming.value = id))}>Rename</button>
    <button type="button" class="grave" onClick=${act(confirmRemoval)}>Delete</button>
  </div>`;
}

async function confirmRemoval({ id, title }) {
  const sure = await ask({
    title: "Delete this conversation?",
    text: `“${title}” and everything in it will be gone.`,
    action: "Delete",
  });
  if (sure) await attempt(removeConversation(id));
}

function ShowMore() {
  const [busy, setBusy] = useState(false);
  const load = async () => {
    setBusy(true);
    await loadMore();
    setBusy(false);
  };
  return html`<button type="button" class="quiet wide" disabled=${busy} onClick=${load}>Show more</button>`;
}
