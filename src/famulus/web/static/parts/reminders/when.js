// When something is due: in plain words or exactly, with what comes of it before anything is kept.
import { html, useEffect, useRef, useState } from "../../app/lib.js";
import { wallClock, clockOf, instantOf, plusDays, today } from "../calendar/days.js";
import { Choice } from "../choice.js";
import { Field } from "../form.js";
import { reminders as api } from "./api.js";
import { FREQUENCIES, timedOf, WEEKDAYS } from "./rules.js";

const KINDS = [["phrase", "In words"], ["once", "Once"], ["rrule", "Again and again"], ["cron", "Cron"]];
const TYPING = 250;

/** What a form says about when; its last day counts to its end, by the person's clock. */
export function wished(kind, form) {
  const last = form.get("last");
  return timedOf(kind, form, last && instantOf(plusDays(last, 1)));
}

export function When({ kind, onKind }) {
  const box = useRef(null);
  const [timed, setTimed] = useState(null);
  const look = () => setTimed(wished(kind, new FormData(box.current.closest("form"))));
  useEffect(look, [kind]);
  const { minutes } = wallClock(Date.now());
  return html`<div class="when" ref=${box} onInput=${look}>
    <${Choice} label="How it is said" options=${KINDS} value=${kind} onChoose=${onKind} />
    ${kind === "phrase" && html`<${Field} key="phrase" label="When" name="phrase" maxlength="200" required autocomplete="off" placeholder="tomorrow at 9 · in 20 minutes · every other Friday at 14:00" />`}
    ${kind === "cron" && html`<${Field} key="cron" label="Cron expression" name="cron" maxlength="200" required autocomplete="off" spellcheck="false" placeholder="30 8 * * 1-5" hint="Minute, hour, day of the month, month, day of the week." />`}
    ${kind === "rrule" && html`<${Rule} />`}
    ${(kind === "once" || kind === "rrule") &&
    html`<div class="fields" key="wall">
      <${Field} label=${kind === "once" ? "On" : "Beginning on"} name="day" type="date" defaultValue=${today()} required />
      <${Field} label="At" name="clock" type="time" defaultValue=${clockOf(minutes + 60 - (minutes % 60))} required />
    </div>`}
    ${kind !== "once" &&
    html`<details key="ends"><summary>When it ends</summary>
      <div class="fields">
        <${Field} label="Last day" name="last" type="date" min=${today()} hint="Without an end, what repeats goes on for half a year." />
        <${Field} label="How often at most" name="most" type="number" min="1" max="10000" />
      </div></details>`}
    <${Coming} timed=${timed} />
  </div>`;
}

function Rule() {
  const [frequency, setFrequency] = useState("WEEKLY");
  const [id] = useState(() => `every-${Math.random().toString(36).slice(2)}`);
  return html`<div class="fields" key="rule">
      <${Field} label="Every" name="interval" type="number" min="1" max="500" defaultValue="1" required />
      <p class="field"><label for=${id}>Of</label>
        <select id=${id} name="frequency" onChange=${(event) => setFrequency(event.target.value)}>
          ${FREQUENCIES.filter(([code]) => code !== "MINUTELY").map(([code, unit]) => html`<option value=${code} selected=${code === frequency}>${unit}s</option>`)}
        </select></p>
    </div>
    ${frequency === "WEEKLY" &&
    html`<fieldset class="weekdays"><legend>On</legend>
      ${WEEKDAYS.map(([code, words]) => html`<label class="check"><input type="checkbox" name="weekday" value=${code} />${words}</label>`)}</fieldset>`}`;
}

/** The next times that this comes to, or what is wrong with it. */
function Coming({ timed }) {
  const [found, setFound] = useState({});
  const asked = JSON.stringify(timed);
  useEffect(() => {
    if (!timed) return void setFound({});
    let isLatest = true;
    const timer = setTimeout(() => {
      const show = (value) => isLatest && setFound(value);
      api.preview(timed).then((coming) => show({ coming }), (problem) => show({ problem }));
    }, TYPING);
    return () => {
      isLatest = false;
      clearTimeout(timer);
    };
  }, [asked]);
  const times = found.coming?.next_local ?? [];
  return html`<div class="coming" role="status">
    ${found.problem && html`<p class="not-yet">${found.problem.message}</p>`}
    ${times.length > 0 && html`<p>${times.length > 1 ? "The next times" : "Then"}</p><ol>${times.map((time) => html`<li key=${time}>${time}</li>`)}</ol>`}
  </div>`;
}
