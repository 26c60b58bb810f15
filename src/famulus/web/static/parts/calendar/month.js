import { html, useState } from "../../app/lib.js";
import { clockOf, dayNumber, longName, plusDays, today, weekdayName, weekStart } from "./days.js";

const SHOWN = 3;

export function Month({ day, events, onOpen, onNew, onMove, onDay }) {
  const first = weekStart(`${day.slice(0, 7)}-01`);
  const weeks = Array.from({ length: 6 }, (_, week) => Array.from({ length: 7 }, (_, at) => plusDays(first, week * 7 + at)));
  const shown = weeks.filter((week, at) => at < 4 || week[0].slice(0, 7) === day.slice(0, 7));
  return html`<div class="month" role="grid" aria-label="Month">
    <div class="month-names" role="row">${shown[0].map((one) => html`<span role="columnheader">${weekdayName(one)}</span>`)}</div>
    ${shown.map(
      (week) => html`<div class="month-week" role="row" key=${week[0]}>
        ${week.map((one) => html`<${Cell} key=${one} day=${one} month=${day.slice(0, 7)} events=${events.filter((event) => event.day <= one && event.lastDay >= one)}
          onOpen=${onOpen} onNew=${onNew} onMove=${onMove} onDay=${onDay} />`)}
      </div>`,
    )}
  </div>`;
}

function Cell({ day, month, events, onOpen, onNew, onMove, onDay }) {
  const [over, setOver] = useState(false);
  const onDrop = (event) => {
    event.preventDefault();
    setOver(false);
    onMove(event.dataTransfer.getData("text/event"), day);
  };
  const onDragOver = (event) => {
    if (!event.dataTransfer.types.includes("text/event")) return;
    event.preventDefault();
    setOver(true);
  };
  const classes = ["cell", day.slice(0, 7) !== month && "elsewhere", day === today() && "today", over && "over"].filter(Boolean).join(" ");
  return html`<div class=${classes} role="gridcell" onDragOver=${onDragOver} onDragLeave=${() => setOver(false)} onDrop=${onDrop}
    onDblClick=${() => onNew(day)}>
    <button type="button" class="cell-day" aria-label=${longName(day)} onClick=${() => onDay(day)}>${dayNumber(day)}</button>
    ${events.slice(0, SHOWN).map((event) => html`<${Chip} key=${event.key} event=${event} onOpen=${onOpen} />`)}
    ${events.length > SHOWN && html`<button type="button" class="quiet more-events" onClick=${() => onDay(day)}>${events.length - SHOWN} more</button>`}
  </div>`;
}

export function Chip({ event, onOpen }) {
  const onDragStart = (drag) => {
    drag.dataTransfer.setData("text/event", event.key);
    drag.dataTransfer.effectAllowed = "move";
  };
  return html`<button type="button" class="event-chip ${event.all_day ? "whole" : ""}" draggable onDragStart=${onDragStart} title=${event.title} onClick=${() => onOpen(event)}>
    ${!event.all_day && html`<time>${clockOf(event.minutes)}</time>`}<span>${event.title}</span>
  </button>`;
}
