// What is to be done behind everybody's back, and what was given up.
import { html } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { ago, moment } from "../../app/times.js";
import { ask } from "../ask.js";
import { Again, Check, Trash } from "../icons.js";
import { Loaded, Nothing, useLoaded } from "../page.js";
import { jobs as api } from "./api.js";
import { Table } from "./table.js";

const HEADS = ["Kind", "Due", "At work", "Later", "Given up"];

export function Jobs() {
  const kinds = useLoaded(api.kinds);
  const dead = useLoaded(() => api.dead());
  const reload = () => Promise.all([kinds.reload(), dead.reload()]);
  const more = async () => {
    const next = await attempt(api.dead(dead.value.next));
    if (next) dead.set({ ...next, data: [...dead.value.data, ...next.data] });
  };
  return html`<section class="panel" aria-labelledby="kinds">
      <header><h2 id="kinds">What there is to do</h2><button type="button" class="quiet" onClick=${reload}><${Again} />Look again</button></header>
      <${Loaded} of=${kinds} empty=${html`<p class="aside">Nothing at the moment: what is done is gone.</p>`}>
        ${({ data }) => html`<${Table} caption="Jobs by kind" heads=${HEADS} rows=${data.map((one) => [one.kind, one.due, one.at_work, one.later, one.dead])} />`}
      <//>
    </section>
    <section class="panel" aria-labelledby="dead">
      <h2 id="dead">Given up</h2>
      <${Loaded} of=${dead} empty=${html`<${Nothing} icon=${Check} title="Nothing was given up" text="Whatever fails is tried again for a while; what fails for good is kept here." />`}>
        ${({ data, has_more: hasMore }) => html`<ul class="rows">
            ${data.map((job) => html`<${Dead} key=${job.id} job=${job} onChange=${reload} />`)}
          </ul>
          ${hasMore && html`<button type="button" class="quiet wide" onClick=${more}>Show more</button>`}`}
      <//>
    </section>`;
}

function Dead({ job, onChange }) {
  const act = async (promise, words) => {
    if (await attempt(promise.then(() => true))) tell(words);
    onChange();
  };
  const discard = async () => {
    const title = `Discard this ${job.kind}?`;
    if (await ask({ title, text: "What it was to do is not done, now or later.", action: "Discard" })) await act(api.discard(job.id), "Discarded.");
  };
  return html`<li class="row">
    <span class="row-main"><strong>${job.kind}</strong>
      <small>${job.last_error ?? "no word of why"} · ${job.attempts} ${job.attempts === 1 ? "try" : "tries"} · begun <time datetime=${job.created_at} title=${moment(job.created_at)}>${ago(job.created_at)}</time></small></span>
    <span class="row-tools">
      <button type="button" class="quiet" aria-label=${`Try again: ${job.kind}`} onClick=${() => act(api.retry(job.id), "It is tried again.")}><${Again} />Try again</button>
      <button type="button" class="icon" aria-label=${`Discard ${job.kind}`} title="Discard" onClick=${discard}><${Trash} /></button>
    </span>
  </li>`;
}
