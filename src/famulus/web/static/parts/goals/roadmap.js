import { html, useMemo } from "../../app/lib.js";
import { day } from "../../app/times.js";
import { Check } from "../icons.js";
import { placed, SIZE } from "./layers.js";

/** The roadmap as a picture; a click on a step ticks it. */
export function Roadmap({ roadmap, onTick }) {
  const { steps, edges } = roadmap;
  const picture = useMemo(() => placed(steps, edges), [steps, edges]);
  const done = new Set(steps.filter(({ done_at: at }) => at).map(({ id }) => id));
  return html`<div class="roadmap scrolls" tabindex="0" role="group" aria-label="The roadmap as a picture">
    <div class="roadmap-sheet" style=${{ width: `${picture.width}px`, height: `${picture.height}px` }}>
      <svg width=${picture.width} height=${picture.height} aria-hidden="true">
        ${picture.lines.map(
          ({ before_id: from, after_id: to, path }) => html`<path key=${from + to} d=${path} class=${done.has(from) ? "passed" : ""} />`,
        )}
      </svg>
      ${steps.map((step) => html`<${Step} key=${step.id} step=${step} place=${picture.places.get(step.id)} onTick=${onTick} />`)}
    </div>
  </div>`;
}

function Step({ step, place, onTick }) {
  const { title, parts, done_at: done, ready, target_date: due } = step;
  const state = done ? "done" : ready ? "ready" : "later";
  const ticked = parts.filter(({ done_at: at }) => at).length;
  const notes = [parts.length && `${ticked} of ${parts.length}`, due && day(`${due}T12:00:00Z`)].filter(Boolean).join(" · ");
  return html`<button type="button" class="station ${state}" aria-pressed=${Boolean(done)} title=${title}
    style=${{ left: `${place.x}px`, top: `${place.y}px`, width: `${SIZE.width}px`, height: `${SIZE.height}px` }}
    onClick=${() => onTick(step)}>
    <span class="station-sign">${done && html`<${Check} />`}</span>
    <span class="station-title">${title}${notes && html`<small>${notes}</small>`}</span>
    <span class="off-screen">${state === "done" ? "done" : state === "ready" ? "can be done now" : "something else comes first"}</span>
  </button>`;
}
