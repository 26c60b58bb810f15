// Everything within a few keys: conversations, pages and commands; and what the keys are.
import { above, openShortcuts } from "../app/above.js";
import { list } from "../app/conversations.js";
import { startNew } from "../app/current.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../app/lib.js";
import { singleKeys, theme } from "../app/preferences.js";
import { linkTo, visit } from "../app/route.js";
import { leaveHere } from "../app/session.js";
import { PAGES } from "../pages/index.js";
import { Close, Door, Keyboard, Plus, Search, Sun, Talk } from "./icons.js";
import { commandKey } from "./sidebar.js";

const THEMES = { system: "light", light: "dark", dark: "system" };

function commands() {
  const pages = PAGES.filter(({ when }) => !when || when()).map(({ name, title, icon, hint }) => ({
    key: name, title, icon, hint: hint ?? "Page", group: "Go to", act: () => visit(`#/${name}`),
  }));
  const next = THEMES[theme.value];
  return [
    { key: "new", title: "New conversation", icon: Plus, hint: `${commandKey} Shift O`, group: "Do", act: startNew },
    ...pages,
    { key: "theme", title: `Appearance: ${next}`, icon: Sun, hint: `is ${theme.value}`, group: "Do", act: () => (theme.value = next) },
    { key: "keys", title: "Keyboard shortcuts", icon: Keyboard, hint: "?", group: "Do", act: openShortcuts },
    { key: "leave", title: "Sign out", icon: Door, group: "Do", act: leaveHere },
  ];
}

const talks = () =>
  (list.value ?? []).map(({ id, title }) => ({
    key: id, title: title || "Untitled", icon: Talk, group: "Conversations", act: () => visit(linkTo(id)),
  }));

/** Searches of the server, loaded when somebody first types: `(words, aborted) => Promise<entries>`. */
export const sources = [async (...asked) => (await import("./search/hits.js")).entries(...asked)];

const MOST = 8;
const LEAST = 2;
const TYPING = 180;
const NOTHING = { words: "", entries: [], problem: null };

const folded = (text) => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();

/** How well a title has the words: at its start, at a word's start, anywhere, or not at all. */
function fit(title, words) {
  const text = folded(title);
  let least = 3;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    least = Math.min(least, at === 0 ? 3 : /[\s\-_.]/.test(text[at - 1]) ? 2 : 1);
  }
  return least;
}

function matching(entries, query) {
  const words = folded(query).split(/\s+/).filter(Boolean);
  if (!words.length) return entries;
  return entries
    .map((entry) => [fit(entry.title, words), entry])
    .filter(([score]) => score > 0)
    .sort(([one], [other]) => other - one)
    .map(([, entry]) => entry);
}

/** What the server's searches found for these words; not `settled` as long as it is of words that were typed before. */
function useFound(words) {
  const [found, setFound] = useState(NOTHING);
  const asks = words.length >= LEAST;
  useEffect(() => {
    if (!asks) return void setFound(NOTHING);
    const left = new AbortController();
    const timer = setTimeout(async () => {
      const answers = await Promise.allSettled(sources.map((search) => search(words, left.signal)));
      const problem = answers.find(({ reason }) => reason)?.reason ?? null;
      if (!left.signal.aborted) setFound({ words, entries: answers.flatMap(({ value }) => value ?? []), problem });
    }, TYPING);
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [words]);
  return asks ? { ...found, settled: found.words === words } : { ...NOTHING, settled: true };
}

/** Drawn at once when it is asked for: what is typed next is already meant for it. */
export function Above() {
  const close = () => (above.value = null);
  if (above.value === "palette") return html`<${Palette} onClose=${close} />`;
  return above.value === "shortcuts" ? html`<${Shortcuts} onClose=${close} />` : null;
}

function Palette({ onClose }) {
  const dialog = useRef(null);
  const [query, setQuery] = useState("");
  const found = useFound(query.trim());
  const entries = useMemo(() => {
    const local = [...matching(commands(), query), ...matching(talks(), query).slice(0, MOST)];
    const known = new Set(local.map(({ key }) => key));
    return [...local, ...found.entries.filter(({ key }) => !known.has(key))];
  }, [query, found.entries, list.value]);
  const { at, choose, hurried, onKeyDown, forget } = useChoice(dialog, entries, found);
  useLayoutEffect(() => dialog.current.showModal(), []);
  const onInput = (event) => {
    setQuery(event.target.value);
    forget();
  };
  const onClick = (event) => event.target === dialog.current && dialog.current.close();
  return html`<dialog class="palette" ref=${dialog} aria-label="Search and commands" onClose=${onClose} onClick=${onClick}>
    <div class="palette-field">
      <${Search} />
      <input type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label="Search, or say what to do"
        aria-activedescendant=${entries.length ? `palette-${at}` : undefined} placeholder="Search, or say what to do" autocomplete="off"
        spellcheck="false" value=${query} onInput=${onInput} onKeyDown=${onKeyDown} autofocus />
    </div>
    <div class="palette-list" id="palette-list" role="listbox" aria-label="Found" aria-busy=${!found.settled}>
      ${entries.map((entry, index) => html`<${Entry} key=${entry.key} entry=${entry} index=${index} selected=${index === at} onChoose=${choose} />`)}
    </div>
    <${Note} found=${found} none=${!entries.length} hurried=${hurried} />
  </dialog>`;
}

/** Which entry is meant: the first, or the one that was gone to; and the keys that say so, however early they come. */
function useChoice(dialog, entries, found) {
  const [picked, pick] = useState(null);
  const [hurried, hurry] = useState(false);
  const at = Math.max(0, entries.findIndex(({ key }) => key === picked));
  const entry = entries[at];
  // What is found stands behind what is known here. A first that was found, but for other words, is not meant.
  const sure = found.settled || (entry && (entry.key === picked || !found.entries.includes(entry)));
  const choose = (chosen) => {
    dialog.current.close();
    chosen.act();
  };
  useEffect(() => dialog.current.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [at]);
  useEffect(() => {
    if (!hurried || !sure) return;
    hurry(false);
    if (entry) choose(entry);
  }, [hurried, sure]);
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && entries.length) pick(entries[(at + step + entries.length) % entries.length].key);
    else if (event.key === "Enter" && !event.isComposing) hurry(true);
    else return;
    event.preventDefault();
  };
  const forget = () => {
    pick(null);
    hurry(false);
  };
  return { at, choose, hurried, onKeyDown, forget };
}

function Note({ found, none, hurried }) {
  const note = found.settled ? found.problem?.message ?? (none && "Nothing has these words.") : (none || hurried) && "Searching…";
  return note && html`<p class="palette-nothing" role="status">${note}</p>`;
}

function Entry({ entry, index, selected, onChoose }) {
  const { icon, title, shown, hint } = entry;
  return html`<div class="palette-item" role="option" id=${`palette-${index}`} aria-selected=${selected} onClick=${() => onChoose(entry)}>
    <${icon} /><span>${shown ?? title}</span>${hint && html`<small>${hint}</small>`}
  </div>`;
}

const KEYS = [
  [[commandKey, "K"], "Search, or go anywhere"],
  [[commandKey, "Shift", "O"], "New conversation"],
  [["Enter"], "Send what was written"],
  [["Shift", "Enter"], "A new line"],
  [["Esc"], "Stop the answer; close what is open"],
  [["↑"], "In an empty field: edit your last message"],
  [["?"], "This list"],
];

function Shortcuts({ onClose }) {
  const dialog = useRef(null);
  useLayoutEffect(() => dialog.current.showModal(), []);
  return html`<dialog class="card broad" ref=${dialog} onClose=${onClose} aria-labelledby="shortcuts">
    <header>
      <h2 id="shortcuts">Keyboard shortcuts</h2>
      <button type="button" class="icon" aria-label="Close" onClick=${() => dialog.current.close()}><${Close} /></button>
    </header>
    <dl class="shortcuts">
      ${KEYS.map(([keys, what]) => html`<dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${what}</dd>`)}
    </dl>
    <p class="aside">
      <label class="check"><input type="checkbox" checked=${singleKeys.value} onChange=${(event) => (singleKeys.value = event.target.checked)} />
        Single keys, such as ?, are shortcuts</label>
    </p>
  </dialog>`;
}
