// The list of conversations beside the one that is open.
import { change, list, loadMore, more } from "../app/conversations.js";
import { removeConversation, startNew } from "../app/current.js";
import { html, memo, signal, useEffect, useRef, useState } from "../app/lib.js";
import { attempt } from "../app/notices.js";
import { linkTo, route } from "../app/route.js";
import { ask } from "./ask.js";
import { Check, Close, Dot, More, Pencil, Pin, Plus, Search, Star, Trash } from "./icons.js";

const renaming = signal(null);
const chosen = signal(null);
const DAY = 86_400_000;

export function Sidebar({ onClose }) {
  const [wanted, setWanted] = useState("");
  const all = list.value ?? [];
  const found = wanted.trim() ? all.filter(({ title }) => contains(title, wanted)) : all;
  return html`<nav class="side" aria-label="Conversations">
    <div class="side-head">
      <h2>Conversations</h2>
      <button type="button" class="icon new" aria-label="New conversation" title="New conversation (${commandKey} Shift O)"
        onClick=${() => (startNew(), onClose())}><${Plus} /></button>
      <button type="button" class="icon only-narrow" aria-label="Close" onClick=${onClose}><${Close} /></button>
    </div>
    ${all.length > 6 &&
    html`<div class="find">
      <${Search} /><input type="search" value=${wanted} placeholder="Filter" aria-label="Filter conversations"
        onInput=${(event) => setWanted(event.target.value)} />
    </div>`}
    <div class="list">
      ${list.value && !all.length && html`<p class="empty">Your conversations will be kept here.</p>`}
      ${all.length > 0 && !found.length && html`<p class="empty">No title has that. Search looks into what was said.</p>`}
      ${groups(found).map(
        ([name, members]) => html`<section key=${name}>
          <h3>${name}</h3>
          <ul>${members.map((conversation) => html`<${Item} key=${conversation.id} conversation=${conversation} onChoose=${onClose} />`)}</ul>
        </section>`,
      )}
      ${more.value && html`<${ShowMore} />`}
    </div>
    <${ItemMenu} />
  </nav>`;
}

export const commandKey = /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl";

const folded = (text) => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
const contains = (title, wanted) => folded(title).includes(folded(wanted.trim()));

const NAMES = ["Pinned", "Starred", "Today", "Yesterday", "Last seven days", "Earlier"];

function groups(conversations) {
  const today = new Date().setHours(0, 0, 0, 0);
  const group = ({ pinned, starred, updated_at: at }) => {
    const time = Date.parse(at);
    if (pinned) return "Pinned";
    if (starred) return "Starred";
    if (time >= today) return "Today";
    if (time >= today - DAY) return "Yesterday";
    return time >= today - 7 * DAY ? "Last seven days" : "Earlier";
  };
  const sorted = new Map();
  for (const conversation of conversations) {
    const name = group(conversation);
    sorted.set(name, [...(sorted.get(name) ?? []), conversation]);
  }
  return NAMES.filter((name) => sorted.has(name)).map((name) => [name, sorted.get(name)]);
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
      ${unread && !here && html`<span class="dot still"><span class="off-screen">unread</span></span>`} ${active && html`<span class="dot"><span class="off-screen">is being answered</span></span>`}
    </a>
    <button type="button" class="icon more" aria-label=${`More about ${title}`} aria-haspopup="true" onClick=${openMenu}>
      <${More} />
    </button>
  </li>`;
});

function Rename({ conversation }) {
  const [title, setTitle] = useState(conversation.title);
  const field = useRef(null);
  useEffect(() => {
    field.current.focus();
    field.current.select();
  }, []);
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
  const { starred, pinned, unread } = found?.conversation ?? {};
  return html`<div popover="auto" class="menu" ref=${menu} onToggle=${onToggle}>
    <button type="button" onClick=${act(({ id }) => change(id, { pinned: !pinned }))}><${Pin} />${pinned ? "Unpin" : "Pin"}</button>
    <button type="button" onClick=${act(({ id }) => change(id, { starred: !starred }))}><${Star} />${starred ? "Remove star" : "Star"}</button>
    <button type="button" onClick=${act(({ id }) => (renaming.value = id))}><${Pencil} />Rename</button>
    <button type="button" onClick=${act(({ id }) => change(id, { unread: !unread }))}><${unread ? Check : Dot} />Mark as ${unread ? "read" : "unread"}</button>
    <button type="button" class="grave" onClick=${act(confirmRemoval)}><${Trash} />Delete</button>
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
