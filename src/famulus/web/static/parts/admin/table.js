import { html } from "../../app/lib.js";

/** A table of numbers; the first column says what they are of. */
export function Table({ caption, heads, rows }) {
  return html`<div class="numbers scrolls" tabindex="0" role="group" aria-label=${caption}>
    <table>
      <caption class="off-screen">${caption}</caption>
      <thead><tr>${heads.map((head) => html`<th scope="col" key=${head}>${head}</th>`)}</tr></thead>
      <tbody>${rows.map(([name, ...numbers]) => html`<tr key=${name}><th scope="row">${name}</th>${numbers.map((number) => html`<td>${number}</td>`)}</tr>`)}</tbody>
    </table>
  </div>`;
}
