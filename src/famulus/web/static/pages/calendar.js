// What happens when: a month, a week or a day of it.
import { html, useEffect, useState } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { route, visit } from "../app/route.js";
import { events as api, happenings } from "../parts/calendar/api.js";
import { daysBetween, instantOf, longName, monthName, plusDays, plusMonths, today, weekStart } from "../parts/calendar/days.js";
import { Editor, scopeFor } from "../parts/calendar/editor.js";
import { Month } from "../parts/calendar/month.js";
import { Week } from "../parts/calendar/week.js";
import { Choice } from "../parts/choice.js";
import { Left, Plus, Right } from "../parts/icons.js";
import { Page, Trouble, useLoaded } from "../parts/page.js";

const VIEWS = [["month", "Month"], ["week", "Week"], ["day", "Day"]];
const narrow = matchMedia("(max-width: 48rem)");

export default function CalendarPage() {
  const [view = narrow.matches ? "day" : "week", day = today()] = route.value.rest ?? [];
  const [opened, open] = useState(null);
  const days = daysOf(view, day);
  const found = useLoaded(() => happenings(days[0], plusDays(days.at(-1), 1)), [days[0], days.at(-1)]);
  const events = found.value ?? [];
  const go = (to, other = view) => visit(`#/calendar/${other}/${to}`);
  const step = (count) => go(view === "month" ? plusMonths(day, count) : plusDays(day, count * (view === "week" ? 7 : 1)));
  const move = (key, to, minutes) => {
    const event = events.find((one) => one.key === key);
    // It stays where it was let go while the server is asked.
    found.set(events.map((one) => (one === event ? placedAt(one, to, minutes) : one)));
    return moved(event, to, minutes, found.reload);
  };
  useKeys(step, () => go(today()));
  const shared = { events, onOpen: open, onMove: move, onNew: (on, minutes) => open({ day: on, minutes }), onDay: (on) => go(on, "day") };
  const actions = html`<button type="button" class="primary" onClick=${() => open({ day, minutes: 540 })}><${Plus} />New event</button>`;
  return html`<${Page} title=${view === "day" ? longName(day) : monthName(day)} kind="wide-page" actions=${actions}>
    <div class="calendar-bar">
      <button type="button" class="icon" aria-label="Earlier" onClick=${() => step(-1)}><${Left} /></button>
      <button type="button" onClick=${() => go(today())}>Today</button>
      <button type="button" class="icon" aria-label="Later" onClick=${() => step(1)}><${Right} /></button>
      <${Choice} label="View" options=${VIEWS} value=${view} onChoose=${(name) => go(day, name)} />
    </div>
    ${found.problem && html`<${Trouble} problem=${found.problem} onRetry=${found.reload} />`}
    ${view === "month" ? html`<${Month} day=${day} ...${shared} />` : html`<${Week} key=${view} days=${days} ...${shared} />`}
    ${opened && html`<${Editor} of=${opened} onClose=${() => open(null)} onDone=${found.reload} />`}
  <//>`;
}

function daysOf(view, day) {
  if (view === "day") return [day];
  const first = weekStart(view === "month" ? `${day.slice(0, 7)}-01` : day);
  return Array.from({ length: view === "month" ? 42 : 7 }, (_, at) => plusDays(first, at));
}

function placedAt(event, day, minutes = event.minutes) {
  const lastDay = plusDays(day, daysBetween(event.day, event.lastDay));
  return { ...event, day, lastDay, minutes, until: Math.min(1_440, event.until + minutes - event.minutes) };
}

/** Puts an event elsewhere; without minutes, at the same time of another day. */
async function moved(event, to, minutes = event.minutes, done) {
  const scope = await scopeFor(event, "Move");
  if (!scope) return done();
  const start = (day, past) => (event.all_day ? day : instantOf(day, past));
  const changed = await attempt(api.change(event.event_id, { start: start(to, minutes), ...scope }).then((made) => made));
  if (changed) {
    const back = () => api.change(event.event_id, { start: start(event.day, event.minutes) }).then(done);
    tell("Moved.", event.recurs ? {} : { undo: back });
  }
  return done();
}

function useKeys(step, toToday) {
  useEffect(() => {
    const onKeyDown = (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select, dialog, .scrolls")) return;
      if (event.key === "ArrowLeft") step(-1);
      else if (event.key === "ArrowRight") step(1);
      else if (event.key === "Home") toToday();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  });
}
