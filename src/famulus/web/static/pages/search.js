// Everything that has some words: what was said, remembered, planned and uploaded.
import { useEffect, useRef, useState, html } from "../app/lib.js";
import { attempt } from "../app/notices.js";
import { route, visit } from "../app/route.js";
import { ago, moment } from "../app/times.js";
import { instantOf, plusDays } from "../parts/calendar/days.js";
import { Choice } from "../parts/choice.js";
import { Search } from "../parts/icons.js";
import { Loaded, Nothing, Page, useLoaded } from "../parts/page.js";
import { addressOf, iconOf, Marked, nameOf, search } from "../parts/search/hits.js";

const KINDS = [
  ["", "All"], ["message,conversation", "Said"], ["memory", "Memories"], ["file,passage", "Files"], ["goal,step", "Goals"],
  ["event", "Events"], ["reminder", "Reminders"], ["notification", "News"],
];
const TYPING = 250;

/** What is asked for is in the address, so that it can be gone back to and passed on. */
const asked = () => Object.fromEntries(["q", "kinds", "since", "until", "conversation"].map((name) => [name, route.value.params?.get(name) ?? ""]));

function ask(wanted) {
  const params = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
  visit(`#/search${params.size ? `?${params}` : ""}`, { replace: true });
}

const within = ({ q, kinds, since, until, conversation }) => ({
  q, kinds, from: since && instantOf(since), to: until && instantOf(plusDays(until, 1)), conversation_id: conversation,
});

export default function SearchPage() {
  const wanted = asked();
  const key = JSON.stringify(wanted);
  const change = (fields) => ask({ ...asked(), ...fields });
  const found = useLoaded(async () => (wanted.q.trim() ? search(within(wanted)) : { data: [], unasked: true }), [key]);
  return html`<${Page} title="Search" kind="narrow">
    <${Words} value=${wanted.q} onSettled=${(q) => change({ q })} />
    <${Choice} label="Kind" options=${KINDS} value=${wanted.kinds} onChoose=${(kinds) => change({ kinds })} />
    <${Dates} ...${wanted} onChange=${change} />
    <div aria-live="polite" aria-busy=${found.loading}>
      <${Loaded} of=${found} empty=${html`<${Empty} unasked=${found.value?.unasked} />`}>
        ${(page) => html`<${Notes} ...${page} />
          <ol class="rows hits">${page.data.map((hit) => html`<${Hit} key=${`${hit.kind} ${hit.id}`} hit=${hit} />`)}</ol>
          ${page.has_more && html`<${More} page=${page} wanted=${wanted} onMore=${found.set} />`}`}
      <//>
    </div>
  <//>`;
}

/** What is typed is asked for once the typing rests. */
function Words({ value, onSettled }) {
  const [typed, setTyped] = useState(value);
  const field = useRef(null);
  const settled = useRef(value);
  useEffect(() => field.current.focus(), []);
  // What comes back of one's own typing may be older than what is typed.
  useEffect(() => void (value === settled.current || setTyped(value)), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => onSettled((settled.current = typed)), TYPING);
    return () => clearTimeout(timer);
  }, [typed]);
  const onKeyDown = (event) => event.key === "Enter" && !event.isComposing && onSettled((settled.current = typed));
  return html`<div class="find"><${Search} /><input type="search" ref=${field} aria-label="Search everything" maxlength="1000"
    placeholder=${'Words, or a "phrase"'} value=${typed} onInput=${(event) => setTyped(event.target.value)} onKeyDown=${onKeyDown} /></div>`;
}

function Dates({ since, until, conversation, onChange }) {
  return html`<div class="hit-filters">
    <label>From <input type="date" value=${since} max=${until} onChange=${(event) => onChange({ since: event.target.value })} /></label>
    <label>to <input type="date" value=${until} min=${since} onChange=${(event) => onChange({ until: event.target.value })} /></label>
    ${conversation && html`<button type="button" class="quiet" onClick=${() => onChange({ conversation: "" })}>Only in one conversation: look everywhere</button>`}
  </div>`;
}

function Empty({ unasked }) {
  if (unasked) return html`<${Nothing} icon=${Search} title="Find anything" text="What was said, what is remembered, your files, goals, events, reminders and news." />`;
  return html`<${Nothing} icon=${Search} title="Nothing found" text="Nothing of yours has these words there." />`;
}

const WITHOUT = { memory: "Memories could not be asked just now.", index: "Much was written just now; some of it may be missing here." };

function Notes({ match, degraded = [] }) {
  const notes = [match === "any" && "Nothing has all of these words. These have some.", ...degraded.map((name) => WITHOUT[name])].filter(Boolean);
  return notes.map((note) => html`<p class="aside">${note}</p>`);
}

function Hit({ hit }) {
  const { kind, title, snippet, at } = hit;
  const heading = title && html`<strong><${Marked} text=${title} marks=${hit.title_marks} /></strong>`;
  return html`<li class="row tall hit">
    <span class="sheet"><${iconOf(hit)} /></span>
    <a class="row-main" href=${addressOf(hit)}>
      ${heading}
      ${snippet && html`<span class="hit-text"><${Marked} text=${snippet} marks=${hit.marks} /></span>`}
      <small>${nameOf({ kind })} · <span title=${moment(at)}>${ago(at)}</span></small>
    </a>
  </li>`;
}

function More({ page, wanted, onMore }) {
  const load = async () => {
    const next = await attempt(search(within(wanted), { after: page.next }));
    if (next) onMore({ ...next, data: [...page.data, ...next.data] });
  };
  return html`<button type="button" class="quiet wide" onClick=${load}>Show more</button>`;
}
