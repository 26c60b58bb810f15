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
const TYPING = 180;

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

function useFound(query) {
  const [found, setFound] = useState([]);
  useEffect(() => {
    if (query.trim().length < 2 || !sources.length) return void setFound([]);
    const left = new AbortController();
    const timer = setTimeout(async () => {
      const answers = await Promise.allSettled(sources.map((search) => search(query.trim(), left.signal)));
      if (!left.signal.aborted) setFound(answers.flatMap(({ value }) => value ?? []));
    }, TYPING);
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [query]);
  return found;
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
  const [at, setAt] = useState(0);
  const found = useFound(query);
  const entries = useMemo(() => {
    const local = [...matching(commands(), query), ...matching(talks(), query).slice(0, MOST)];
    const known = new Set(local.map(({ key }) => key));
    return [...local, ...found.filter(({ key }) => !known.has(key))];
  }, [query, found]);
  useLayoutEffect(() => dialog.current.showModal(), []);
  useEffect(() => dialog.current.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [at]);
  const choose = (entry) => {
    dialog.current.close();
    entry?.act();
  };
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && entries.length) setAt((at + step + entries.length) % entries.length);
    else if (event.key === "Enter" && !event.isComposing) choose(entries[at]);
    else return;
    event.preventDefault();
  };
  const onInput = (event) => {
    setQuery(event.target.value);
    setAt(0);
  };
  const onClick = (event) => event.target === dialog.current && dialog.current.close();
  return html`<dialog class="palette" ref=${dialog} aria-label="Search and commands" onClose=${onClose} onClick=${onClick}>
    <div class="palette-field">
      <${Search} />
      <input type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label="Search, or say what to do"
        aria-activedescendant=${entries[at] ? `palette-${at}` : undefined} placeholder="Search, or say what to do" autocomplete="off"
        spellcheck="false" value=${query} onInput=${onInput} onKeyDown=${onKeyDown} autofocus />
    </div>
    <div class="palette-list" id="palette-list" role="listbox" aria-label="Found">
      ${entries.map((entry, index) => html`<${Entry} key=${entry.key} entry=${entry} index=${index} selected=${index === at} onChoose=${choose} />`)}
    </div>
    ${!entries.length && html`<p class="palette-nothing" role="status">Nothing has these words.</p>`}
  </dialog>`;
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
