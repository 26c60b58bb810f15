import { html, useEffect, useRef, useState } from "../../app/lib.js";
import { inColumns } from "./columns.js";
import { clockOf, dayNumber, longName, today, wallClock, weekdayName } from "./days.js";
import { Chip } from "./month.js";

const HOUR = 52;
const STEP = 15;
const MORNING = 7.5;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const least = (minutes) => Math.max(minutes, 24);

/** A week, or a single day: whole days above, and the hours below. */
export function Week({ days, events, onOpen, onNew, onMove, onDay }) {
  const scroller = useRef(null);
  useEffect(() => void (scroller.current.scrollTop = MORNING * HOUR), []);
  const isLong = ({ all_day: whole, day, lastDay }) => whole || lastDay > day;
  const long = events.filter(isLong);
  return html`<div class="week" style=${{ "--days": days.length }}>
    <div class="week-head">
      <span></span>
      ${days.map((day) => html`<div key=${day} class="week-day ${day === today() ? "today" : ""}">
        <button type="button" class="cell-day" title=${longName(day)} onClick=${() => onDay(day)}><small>${weekdayName(day)}</small> ${dayNumber(day)}</button>
        ${long.filter((event) => event.day <= day && event.lastDay >= day).map((event) => html`<${Chip} key=${event.key} event=${event} onOpen=${onOpen} />`)}
      </div>`)}
    </div>
    <div class="week-hours scrolls" ref=${scroller} tabindex="0" role="group" aria-label="Hours">
      <div class="hour-names" aria-hidden="true">${HOURS.map((hour) => html`<span style=${{ top: `${hour * HOUR}px` }}>${hour ? clockOf(hour * 60) : ""}</span>`)}</div>
      ${days.map((day) => html`<${Day} key=${day} day=${day} days=${days} events=${events.filter((event) => event.day === day && !isLong(event))} onOpen=${onOpen} onNew=${onNew} onMove=${onMove} />`)}
    </div>
  </div>`;
}

function Day({ day, days, events, onOpen, onNew, onMove }) {
  const begin = (event) => {
    if (event.target !== event.currentTarget) return;
    const minutes = Math.floor((event.offsetY / HOUR) * 2) * 30;
    onNew(day, Math.min(minutes, 23 * 60));
  };
  return html`<div class="day-column" style=${{ height: `${24 * HOUR}px` }} onDblClick=${begin}>
    ${day === today() && html`<${Now} />`}
    ${inColumns(events).map((place) => html`<${Block} key=${place.event.key} place=${place} day=${day} days=${days} onOpen=${onOpen} onMove=${onMove} />`)}
  </div>`;
}

function Now() {
  const [minutes, setMinutes] = useState(() => wallClock(Date.now()).minutes);
  useEffect(() => {
    const timer = setInterval(() => setMinutes(wallClock(Date.now()).minutes), 30_000);
    return () => clearInterval(timer);
  }, []);
  return html`<span class="now" style=${{ top: `${(minutes / 60) * HOUR}px` }}></span>`;
}

function Block({ place, day, days, onOpen, onMove }) {
  const { event, column, columns } = place;
  const [shift, setShift] = useState(null);
  const drag = useDrag({ day, days, event, setShift, onMove });
  const style = {
    top: `${(event.minutes / 60) * HOUR}px`,
    height: `${(least(event.until - event.minutes) / 60) * HOUR - 2}px`,
    left: `calc(${(100 * column) / columns}% + 1px)`,
    width: `calc(${100 / columns}% - 4px)`,
    transform: shift ? `translate(${shift.x}px, ${shift.y}px)` : undefined,
  };
  const onClick = () => drag.moved.current || onOpen(event);
  return html`<button type="button" class="event-block ${shift ? "moving" : ""} ${event.busy ? "" : "free"}" style=${style} title=${event.title} ...${drag.handlers} onClick=${onClick}>
    <strong>${event.title}</strong><small>${clockOf(shift ? shift.minutes : event.minutes)}${event.place && ` · ${event.place}`}</small>
  </button>`;
}

/** Moves an event by quarters of an hour and by days. */
function useDrag({ day, days, event, setShift, onMove }) {
  const from = useRef(null);
  const moved = useRef(false);
  const shifted = ({ clientX, clientY }) => {
    const across = Math.round((clientX - from.current.x) / from.current.width);
    const at = days.indexOf(day);
    const column = Math.min(days.length - 1, Math.max(0, at + across));
    const steps = Math.round(((clientY - from.current.y) / HOUR) * (60 / STEP));
    const minutes = Math.min(1_440 - STEP, Math.max(0, event.minutes + steps * STEP));
    return { x: (column - at) * from.current.width, y: ((minutes - event.minutes) / 60) * HOUR, day: days[column], minutes };
  };
  const onPointerDown = (press) => {
    if (press.button !== 0) return;
    const width = press.currentTarget.closest(".day-column").offsetWidth;
    from.current = { x: press.clientX, y: press.clientY, width };
    moved.current = false;
    if (press.pointerType !== "touch") press.currentTarget.setPointerCapture(press.pointerId);
  };
  const onPointerMove = (move) => {
    if (!from.current || move.pointerType === "touch") return;
    if (!moved.current && Math.hypot(move.clientX - from.current.x, move.clientY - from.current.y) < 5) return;
    moved.current = true;
    setShift(shifted(move));
  };
  const onPointerUp = (release) => {
    if (from.current && moved.current) {
      const { day: to, minutes } = shifted(release);
      if (to !== day || minutes !== event.minutes) onMove(event.key, to, minutes);
    }
    from.current = null;
    setShift(null);
  };
  const onPointerCancel = () => {
    from.current = null;
    setShift(null);
  };
  return { moved, handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel } };
}
