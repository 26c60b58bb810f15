// What the assistant remembers of the person: to read, to find, to put right, and to forget.
import { call, enc } from "../app/api.js";
import { html, useEffect, useState } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { linkTo, route, visit } from "../app/route.js";
import { person } from "../app/session.js";
import { ago, moment } from "../app/times.js";
import { ask } from "../parts/ask.js";
import { Choice } from "../parts/choice.js";
import { Form, TextField } from "../parts/form.js";
import { Clock, Lamp, Left, Pencil, Pin, Plus, Search, Trash } from "../parts/icons.js";
import { Loaded, Nothing, Page, useLoaded } from "../parts/page.js";

const KINDS = [["", "All"], ["fact", "Facts"], ["preference", "Preferences"], ["event", "Events"], ["procedure", "Done for you"], ["turn", "Said"]];
const SOURCES = { message: "from a conversation", run: "noted by the assistant", person: "told by you" };
const TYPING = 250;

const at = (rest = "") => `memories/${enc(person.peek().id)}${rest}`;

const api = {
  find: (id) => call("GET", at(`/${enc(id)}`)),
  page: (kind, after) => call("GET", at(`?limit=50${kind ? `&kind=${kind}` : ""}${after ? `&after=${enc(after)}` : ""}`)),
  search: (query, kind) => call("POST", at("/search"), { query, k: 30, filters: kind ? { kinds: [kind] } : {} }),
  add: (text, kind) => call("POST", at(), { text, kind }),
  change: (id, fields) => call("PATCH", at(`/${enc(id)}`), fields),
  forget: (id) => call("DELETE", at(`/${enc(id)}`)),
  forgetAll: () => call("DELETE", at()),
  history: (id) => call("GET", at(`/${enc(id)}/history`)),
  proposals: () => call("GET", at("/proposals?limit=20")),
  decide: (id, how) => call("POST", at(`/proposals/${enc(id)}/${how}`)),
  restore: (id) => call("POST", at(`/${enc(id)}/restore`)),
};

export default function Memory() {
  const [kind, setKind] = useState("");
  const [query, setQuery] = useState("");
  const wanted = useSettled(query.trim());
  const [adding, setAdding] = useState(false);
  const [only] = route.value.rest ?? [];
  const found = useLoaded(async () => {
    if (only) return { data: [await api.find(only)] };
    if (!wanted) return api.page(kind);
    return { data: (await api.search(wanted, kind)).data.map(({ memory, reason }) => ({ ...memory, reason })) };
  }, [wanted, kind, only]);
  const add = async ({ text, kind: chosen }) => {
    await api.add(text.trim(), chosen);
    setAdding(false);
    tell("Remembered.");
    found.reload();
  };
  const gone = () => (only ? visit("#/memory", { replace: true }) : found.reload());
  const actions = html`<button type="button" onClick=${() => setAdding(!adding)} aria-expanded=${adding}><${Plus} />Add</button>`;
  return html`<${Page} title="Memory" kind="narrow" actions=${actions}
    text="What Famulus remembers of you, and brings to mind when you ask it something. Whatever you forget here is gone.">
    <${Proposals} onDone=${found.reload} />
    ${adding && html`<section class="panel"><${Addition} act=${add} /></section>`}
    ${only
      ? html`<p><button type="button" onClick=${() => visit("#/memory")}><${Left} />All memories</button></p>`
      : html`<div class="find"><${Search} /><input type="search" aria-label="Search your memories" placeholder="Search by words or by meaning"
            value=${query} onInput=${(event) => setQuery(event.target.value)} /></div>
          <${Choice} label="Kind" options=${KINDS} value=${kind} onChoose=${setKind} />`}
    <${Loaded} of=${found} empty=${html`<${Empty} searched=${wanted} />`}>
      ${(page) => html`<ul class="rows">
          ${page.data.map((one) => html`<${Remembered} key=${one.id} memory=${one} onChange=${found.reload} onGone=${gone} />`)}
        </ul>
        ${page.has_more && html`<${More} kind=${kind} page=${page} onMore=${found.set} />`}`}
    <//>
    ${!only && html`<${ForgetAll} onDone=${found.reload} />`}
  <//>`;
}

/** What others have written becomes a memory only when the person agrees. */
function Proposals({ onDone }) {
  const found = useLoaded(async () => (await api.proposals()).data);
  const decide = async (id, how, words) => {
    if (await attempt(api.decide(id, how).then(() => true))) tell(words);
    found.reload();
    onDone();
  };
  if (!found.value?.length) return null;
  return html`<section class="panel" aria-labelledby="proposals">
    <h2 id="proposals">Should this be remembered?</h2>
    <p class="aside">It comes from something that others have written, so it waits for your word.</p>
    <ul class="rows">
      ${found.value.map(
        ({ id, change }) => html`<li class="row" key=${id}>
          <span class="row-main"><span class="remembered">${change.draft?.text ?? change.patch?.text ?? "Forget a memory"}</span>
            <small>${{ remember: "something new", correct: "in the place of a memory", forget: "a memory would go" }[change.do]}</small></span>
          <button type="button" onClick=${() => decide(id, "accept", "Agreed.")}>Agree</button>
          <button type="button" class="quiet" onClick=${() => decide(id, "reject", "It is not remembered.")}>No</button>
        </li>`,
      )}
    </ul>
  </section>`;
}

/** A text, once its writer has paused. */
function useSettled(text) {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

function Empty({ searched }) {
  if (searched) return html`<${Nothing} icon=${Search} title="Nothing comes to mind" text="No memory is about this. Try other words." />`;
  return html`<${Nothing} icon=${Lamp} title="Nothing is remembered yet"
    text="Say “Remember that I like tea” in a conversation, or add something here." />`;
}

function Addition({ act }) {
  return html`<${Form} act=${act} action="Remember">
    <${TextField} label="What should be remembered?" name="text" rows="2" maxlength="20000" required placeholder="I take my tea without milk." />
    <p class="field"><label for="new-kind">Kind</label>
      <select id="new-kind" name="kind">
        <option value="fact">A fact</option><option value="preference">A preference</option><option value="event">An event</option>
      </select></p>
  <//>`;
}

function Remembered({ memory, onChange, onGone }) {
  const [mode, setMode] = useState("");
  const toggle = (wanted) => () => setMode(mode === wanted ? "" : wanted);
  const act = async (promise, words, after = onChange) => {
    if ((await attempt(promise.then(() => true))) && words) tell(words);
    after();
  };
  const save = async ({ text }) => {
    const changed = await api.change(memory.id, { text: text.trim() });
    setMode("");
    tell("Changed.", { undo: () => api.restore(memory.id).then(onChange) });
    onChange(changed);
  };
  const forget = async () => {
    const sure = await ask({ title: "Forget this?", text: `“${memory.text.slice(0, 200)}” will be gone with all its versions.`, action: "Forget" });
    if (sure) act(api.forget(memory.id), "Forgotten.", onGone);
  };
  return html`<li class="row tall">
    <div class="row-main">
      ${mode === "edit" ? html`<${Change} memory=${memory} act=${save} onEnd=${toggle("edit")} />` : html`<span class="remembered">${memory.text}</span>`}
      <small>${memory.pinned && html`<span class="tag good">pinned</span> `}${kindOf(memory)} · ${SOURCES[memory.source]} · <span title=${moment(memory.said_at)}>${ago(memory.said_at)}</span>
        ${memory.session?.startsWith("thread_") && html` · <a href=${linkTo(memory.session)}>conversation</a>`}
        ${memory.reason?.words.length > 0 && html` · has “${memory.reason.words.join("”, “")}”`}</small>
      ${mode === "history" && html`<${Versions} memory=${memory} onRestore=${(id) => act(api.restore(id), "Brought back.")} />`}
    </div>
    <div class="row-tools">
      <button type="button" class="icon" aria-label=${memory.pinned ? "Unpin" : "Pin"} title=${memory.pinned ? "Unpin" : "Pin: always keep in mind"}
        aria-pressed=${memory.pinned} onClick=${() => act(api.change(memory.id, { pinned: !memory.pinned }))}><${Pin} /></button>
      <button type="button" class="icon" aria-label="Change" title="Change" onClick=${toggle("edit")}><${Pencil} /></button>
      <button type="button" class="icon" aria-label="Earlier versions" title="Earlier versions" aria-expanded=${mode === "history"} onClick=${toggle("history")}><${Clock} /></button>
      <button type="button" class="icon" aria-label="Forget" title="Forget" onClick=${forget}><${Trash} /></button>
    </div>
  </li>`;
}

const kindOf = ({ kind }) => ({ procedure: "Done for you", turn: "Said" })[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1);

function Change({ memory, act, onEnd }) {
  return html`<${Form} act=${act} action="Save">
    <${TextField} label="Memory" name="text" rows="3" defaultValue=${memory.text} maxlength="20000" required />
    <button type="button" class="quiet" onClick=${onEnd}>Leave it as it was</button>
  <//>`;
}

function Versions({ memory, onRestore }) {
  const versions = useLoaded(async () => (await api.history(memory.id)).data, [memory.id]);
  return html`<${Loaded} of=${versions}>
    ${(found) =>
      found.length < 2
        ? html`<p class="aside">It was never another one.</p>`
        : html`<ol class="versions">
            ${found.map(
              (one) => html`<li key=${one.id}><span>${one.text}<small> ${moment(one.updated_at)}</small></span>
                ${one.id !== memory.id && html`<button type="button" class="quiet" onClick=${() => onRestore(one.id)}>Bring back</button>`}</li>`,
            )}
          </ol>`}
  <//>`;
}

function More({ kind, page, onMore }) {
  const load = async () => {
    const next = await attempt(api.page(kind, page.next));
    if (next) onMore({ ...next, data: [...page.data, ...next.data] });
  };
  return html`<button type="button" class="quiet wide" onClick=${load}>Show more</button>`;
}

function ForgetAll({ onDone }) {
  const all = async () => {
    const sure = await ask({ title: "Forget everything?", text: "Every memory of you will be gone, for ever.", action: "Forget everything" });
    if (!sure || !(await attempt(api.forgetAll().then(() => true)))) return;
    tell("Everything is forgotten.");
    onDone();
  };
  return html`<p class="buttons apart">
    <a class="button" href=${at("/export")} download="memories.json">Export</a>
    <button type="button" class="grave" onClick=${all}>Forget everything</button>
  </p>`;
}
