// How notifications got where, and what did not get there.
import { call, enc, page, V1 } from "../../app/api.js";
import { html, useState } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { ago, moment } from "../../app/times.js";
import { Choice } from "../choice.js";
import { Send } from "../icons.js";
import { Loaded, Nothing, useLoaded } from "../page.js";

const AT = `${V1}/notifications`;
const STATES = [["dead", "Given up"], ["pending", "Under way"], ["held", "Held back"], ["delivered", "Delivered"]];
const LOOKS = { dead: "bad", pending: "", held: "warm", delivered: "good" };

export function Deliveries() {
  const [state, setState] = useState("dead");
  const found = useLoaded(async () => {
    const [sent, channels] = await Promise.all([call("GET", `${AT}/deliveries${page(30)}&state=${state}`), call("GET", `${AT}/channels`)]);
    return { ...sent, names: new Map(channels.data.map(({ id, name }) => [id, name])) };
  }, [state]);
  const more = async () => {
    const next = await attempt(call("GET", `${AT}/deliveries${page(30, found.value.next)}&state=${state}`));
    if (next) found.set({ ...found.value, ...next, data: [...found.value.data, ...next.data] });
  };
  const empty = html`<${Nothing} icon=${Send} title="Nothing here" text="What goes out is tried again, ever later, until it is accepted or given up; what was given up can be tried anew." />`;
  return html`<section class="panel" aria-labelledby="sent"><h2 id="sent">What was sent</h2>
    <${Choice} label="State" options=${STATES} value=${state} onChoose=${setState} />
    <${Loaded} of=${found} empty=${empty}>
      ${({ data, names, has_more: hasMore }) => html`<ul class="rows">${data.map((one) => html`<${Delivery} key=${one.id} one=${one} name=${names.get(one.channel_id)} onDone=${found.reload} />`)}</ul>
        ${hasMore && html`<button type="button" class="quiet wide" onClick=${more}>Show more</button>`}`}
    <//>
  </section>`;
}

function Delivery({ one, name, onDone }) {
  const where = name ?? (one.channel_kind === "in_app" ? "In the app" : one.channel_kind);
  const retry = async () => {
    if (await attempt(call("POST", `${AT}/deliveries/${enc(one.id)}/retry`))) tell("It is tried anew.");
    onDone();
  };
  const told = useLoaded(() => call("GET", `${AT}/${enc(one.notification_id)}`), [one.notification_id]);
  return html`<li class="row">
    <div class="row-main"><strong>${told.value?.title ?? "…"}</strong>
      <small>${where} · <span title=${moment(one.created_at)}>${ago(one.created_at)}</span> · ${one.attempts === 1 ? "one try" : `${one.attempts} tries`}${one.error ? ` · ${one.error}` : ""}</small></div>
    <span class="tag ${LOOKS[one.state]}">${STATES.find(([state]) => state === one.state)?.[1].toLowerCase()}</span>
    ${one.state === "dead" && html`<button type="button" class="quiet" onClick=${retry}>Try anew</button>`}
  </li>`;
}
