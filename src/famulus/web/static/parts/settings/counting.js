import { choose, look, standing } from "../../app/counting.js";
import { html } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { Loaded, useLoaded } from "../page.js";

/** Whether the person is counted in what those see who run the server. */
export function Counting() {
  const found = useLoaded(look);
  const toggle = async (event) => {
    const out = event.target.checked;
    if (await attempt(choose(out))) tell(out ? "You are left out, and what was noted of you is removed." : "You are counted from now on.");
    found.reload();
  };
  return html`<section class="panel" aria-labelledby="counting">
    <h2 id="counting">Being counted</h2>
    <p class="aside">Those who run this server see how many people use it: which pages are opened, how many messages are sent, and how
      long answers take. What you say, write or upload is never a part of it.</p>
    <${Loaded} of=${found}>
      ${({ enabled }) => html`<label class="check"><input type="checkbox" checked=${standing.value?.opted_out} onChange=${toggle} />Leave me out</label>
        ${!enabled && html`<p class="aside">This server counts nothing at the moment.</p>`}`}
    <//>
  </section>`;
}
