import { html } from "../app/lib.js";

/** What to name when asking about a failure: it is in the server's log, too. */
export function Reference({ id }) {
  return id ? html`<small class="reference">Reference <code>${id}</code></small>` : null;
}
