// An event, to be made or changed.
import { html, useEffect, useRef, useState } from "../../app/lib.js";
import { tell } from "../../app/notices.js";
import { Field, Form, TextField } from "../form.js";
import { Close } from "../icons.js";
import { choose } from "../ask.js";
import { events as api } from "./api.js";
import { clockOf, instantOf, minutesOf, plusDays, wallClock } from "./days.js";

const REPEATS = [["", "Does not repeat"], ["FREQ=DAILY", "Every day"], ["FREQ=WEEKLY", "Every week"], ["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Every working day"], ["FREQ=MONTHLY", "Every month"], ["FREQ=YEARLY", "Every year"]];
const SCOPES = [["this", "Only this one"], ["following", "This and all that follow"], ["all", "All of them"]];

/** Which occurrences are meant: at once where there is only one. Null when it was thought better of. */
export async function scopeFor(happening, doing) {
  if (!happening.recurs) return {};
  const scope = await choose({ title: `${doing} “${happening.title}”`, text: "It happens more than once. Which ones are meant?", options: SCOPES });
  return scope && { occurrence: happening.occurrence, scope };
}

/** `of` is a happening to change, or `{day, minutes}` for a new one. */
export function Editor({ of, onClose, onDone }) {
  const dialog = useRef(null);
  const [event, setEvent] = useState(null);
  const [whole, setWhole] = useState(of.event_id ? of.all_day : of.minutes === undefined);
  useEffect(() => {
    dialog.current.showModal();
    if (of.event_id) api.find(of.event_id).then(setEvent, () => setEvent({}));
  }, []);
  const start = of.day;
  const [endDay, endMinutes] = endOf(of);
  const finish = (words) => {
    tell(words);
    dialog.current.close();
    onDone();
  };
  const save = async (fields) => {
    const wanted = wishedFor(fields, whole);
    if (!of.event_id) {
      await api.add({ ...wanted, ...(fields.rule && { rule: fields.rule }) });
      return finish("It is in your calendar.");
    }
    const scope = await scopeFor(of, "Change");
    if (!scope) return undefined;
    const ruled = scope.scope !== "this" && fields.rule !== (event.rule ?? "") ? { rule: fields.rule || null } : {};
    await api.change(of.event_id, { ...wanted, ...ruled, ...scope });
    return finish("Changed.");
  };
  const remove = async () => {
    const scope = await scopeFor(of, "Delete");
    if (!scope) return;
    await api.cancel(of.event_id, scope);
    finish("Deleted.");
  };
  const loading = of.event_id && !event;
  const rule = event?.rule ?? "";
  const repeats = REPEATS.some(([value]) => value === rule) ? REPEATS : [...REPEATS, [rule, rule]];
  return html`<dialog class="card broad" ref=${dialog} onClose=${onClose} aria-labelledby="event">
    <header><h2 id="event">${of.event_id ? "Event" : "New event"}</h2>
      <button type="button" class="icon" aria-label="Close" onClick=${() => dialog.current.close()}><${Close} /></button></header>
    ${!loading &&
    html`<${Form} act=${save} action=${of.event_id ? "Save" : "Add"}>
      <${Field} label="What" name="title" defaultValue=${of.title ?? ""} maxlength="500" required autocomplete="off" autofocus />
      <label class="check"><input type="checkbox" checked=${whole} onChange=${(change) => setWhole(change.target.checked)} />Whole days</label>
      <div class="fields">
        <${Field} label="From" name="day" type="date" defaultValue=${start} required />
        ${!whole && html`<${Field} label="At" name="clock" type="time" defaultValue=${clockOf(of.minutes ?? 540)} required />`}
        <${Field} label="Until" name="end_day" type="date" defaultValue=${endDay} required />
        ${!whole && html`<${Field} label="At" name="end_clock" type="time" defaultValue=${clockOf(endMinutes)} required />`}
      </div>
      <div class="fields">
        <${Field} label="Where" name="place" defaultValue=${event?.place ?? ""} maxlength="1000" autocomplete="off" />
        <p class="field"><label for="repeats">Repeats</label><select id="repeats" name="rule">${repeats.map(([value, words]) => html`<option value=${value} selected=${value === rule}>${words}</option>`)}</select></p>
      </div>
      <${TextField} label="Notes" name="description" rows="2" defaultValue=${event?.description ?? ""} maxlength="20000" />
      ${of.event_id && html`<p><button type="button" class="quiet grave" onClick=${remove}>Delete this event</button></p>`}
    <//>`}
  </dialog>`;
}

function endOf(of) {
  if (!of.event_id) return [of.day, Math.min((of.minutes ?? 540) + 60, 1_439)];
  if (of.all_day) return [of.lastDay, 600];
  const { day, minutes } = wallClock(of.end);
  return [day, minutes];
}

function wishedFor({ title, day, clock, end_day: endDay, end_clock: endClock, place, description }, whole) {
  const said = { title: title.trim(), place, description };
  if (whole) return { ...said, start: day, end: plusDays(endDay < day ? day : endDay, 1) };
  return { ...said, start: instantOf(day, minutesOf(clock)), end: instantOf(endDay, minutesOf(endClock)) };
}
