import { html } from "../../app/lib.js";

const AROUND = 2 * Math.PI * 15;

/** How far a goal is, as a ring. */
export function Ring({ progress }) {
  const { percent, done, total } = progress;
  return html`<span class="ring" role="img" aria-label=${`${percent} percent: ${done} of ${total} steps`}>
    <svg viewBox="0 0 36 36" width="44" height="44">
      <circle cx="18" cy="18" r="15" class="ring-way" />
      ${percent > 0 && html`<circle cx="18" cy="18" r="15" class="ring-gone" stroke-dasharray=${`${(AROUND * percent) / 100} ${AROUND}`} />`}
    </svg>
    <span aria-hidden="true">${total ? percent : "–"}</span>
  </span>`;
}
