// One reminder: when it is due, what has come of it, and what may be done with it.
import { html, useState } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { visit } from "../../app/route.js";
import { ago, moment } from "../../app/times.js";
import { ask } from "../ask.js";
import { Left, Pencil, Trash } from "../icons.js";
import { Loaded, Page, useLoaded } from "../page.js";
import { reminders as api } from "./api.js";
import { ChangedReminder } from "./editor.js";
import { spoken } from "./rules.js";
import { Tools } from "./tools.js";

export function Reminder({ id }) {
  const found = useLoaded(async () => {
    const [reminder, next, past] = await Promise.all([api.find(id), api.next(id), api.occurrences(id)]);
    return { reminder, next: reminder.next_at ? next.next_local : [], past };
  }, [id]);
  const back = html`<a class="button" href="#/reminders"><${Left} />All reminders</a>`;
  return html`<${Page} title=${found.value?.reminder.title ?? "Reminder"} kind="narrow" actions=${back}>
    <${Loaded} of=${found}>${(value) => html`<${Shown} ...${value} found=${found} />`}<//>
  <//>`;
}

function Shown({ reminder, next, past, found }) {
  const [editing, setEditing] = useState(false);
  const remove = async () => {
    const sure = await ask({ title: "Delete this reminder?", text: `“${reminder.title}” and what is known of it will be gone.`, action: "Delete" });
    if (sure && (await attempt(api.remove(reminder.id).then(() => true)))) visit("#/reminders", { replace: true });
  };
  const saved = () => {
    setEditing(false);
    tell("Changed.");
    found.reload();
  };
  const more = async () => {
    const older = await attempt(api.occurrences(reminder.id, past.next));
    if (older) found.set({ ...found.value, past: { ...older, data: [...past.data, ...older.data] } });
  };
  return html`<section class="panel">
      <div class="row tall">
        <div class="row-main"><strong>${reminder.next_local ?? stateWords(reminder)}</strong>
          <small>${spoken(reminder)}${ending(reminder)}</small>
          ${reminder.note && html`<span class="remembered">${reminder.note}</span>`}
          ${reminder.prompt && html`<small>An assistant is asked: “${reminder.prompt}”</small>`}
          ${reminder.about_kind === "goal" && html`<small><a href=${`#/goals/${reminder.about_id}`}>It checks in on a goal</a></small>`}</div>
        <div class="row-tools">
          <button type="button" class="icon" title="Change" aria-label="Change the reminder" aria-expanded=${editing} onClick=${() => setEditing(!editing)}><${Pencil} /></button>
          <button type="button" class="icon" title="Delete" aria-label="Delete the reminder" onClick=${remove}><${Trash} /></button>
        </div>
      </div>
      <${Tools} reminder=${reminder} onDone=${found.reload} />
      ${editing && html`<${ChangedReminder} reminder=${reminder} onDone=${saved} />`}
    </section>
    ${next.length > 1 && html`<section class="panel" aria-labelledby="next"><h2 id="next">The next times</h2><ol class="times">${next.map((time) => html`<li key=${time}>${time}</li>`)}</ol></section>`}
    <section class="panel" aria-labelledby="past"><h2 id="past">What has been</h2>
      ${past.data.length
        ? html`<ul class="rows">${past.data.map((one) => html`<${Occurrence} key=${one.id} one=${one} />`)}</ul>`
        : html`<p class="aside">It was not due yet.</p>`}
      ${past.has_more && html`<button type="button" class="quiet wide" onClick=${more}>Show more</button>`}
    </section>`;
}

const WORDS = { paused: "Paused", completed: "It is over", expired: "It has ended by itself", cancelled: "Cancelled", active: "Not due any more" };
export const stateWords = ({ state }) => WORDS[state] ?? state;

function ending({ stop_after: last, max_occurrences: most, occurred, kind }) {
  if (kind === "once") return "";
  return `${last ? ` · until ${moment(last)}` : ""}${most ? ` · ${occurred} of ${most} times` : ""}`;
}

function Occurrence({ one }) {
  const said = one.state === "fired";
  return html`<li class="row"><span class="row-main">${moment(one.due_at)}<small>${ago(one.due_at)}${one.late_by_seconds ? ` · ${late(one.late_by_seconds)} late` : ""}</small></span>
    <span class="tag ${said ? "good" : "warm"}">${said ? "said" : "missed"}</span></li>`;
}

const late = (seconds) => (seconds < 5_400 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3_600)} hours`);
