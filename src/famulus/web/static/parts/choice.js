import { html } from "../app/lib.js";

/** A few exclusive choices, side by side: `[[value, words], …]`. */
export function Choice({ label, options, value, onChoose }) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${options.map(
      ([name, words]) => html`<button type="button" key=${name} aria-pressed=${name === value} onClick=${() => onChoose(name)}>${words}</button>`,
    )}
  </div>`;
}
