import { html, useMemo } from "../app/lib.js";
import { addressOf, sourcesOf } from "../app/sources.js";
import { Page } from "./icons.js";

const MOST = 5;

/** The files that an answer rests on, each with the places that were read; they open there. */
export function Sources({ blocks }) {
  const sources = useMemo(() => sourcesOf(blocks), [blocks]);
  if (!sources.length) return null;
  return html`<ul class="sources" aria-label="From your files">
    ${sources.map(
      ({ id, name, places }) => html`<li key=${id} class="chip">
        <${Page} /><a href=${addressOf(id)} title=${name}>${name}</a>
        ${places.slice(0, MOST).map(({ where, address }) => html`<a key=${where} class="place" href=${address}>${where}</a>`)}
        ${places.length > MOST && html`<small>and ${places.length - MOST} more</small>`}
      </li>`,
    )}
  </ul>`;
}
