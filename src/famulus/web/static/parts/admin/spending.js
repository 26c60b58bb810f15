// What everybody has used in the last weeks, and the plan they are on.
import { html } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { person } from "../../app/session.js";
import { Field, Form } from "../form.js";
import { Bars } from "../icons.js";
import { Loaded, Nothing, useLoaded } from "../page.js";
import { people, spenders } from "./api.js";

const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

export function Spending() {
  const found = useLoaded(() => named(spenders()));
  const more = async () => {
    const next = await attempt(named(spenders(found.value.next)));
    if (next) found.set({ ...next, data: [...found.value.data, ...next.data] });
  };
  const empty = html`<${Nothing} icon=${Bars} title="Nobody has used anything yet" text="What runs take is counted here, by person." />`;
  return html`<section class="panel" aria-labelledby="spending">
    <h2 id="spending">The last thirty days, by person</h2>
    <${Loaded} of=${found} empty=${empty}>
      ${({ data, has_more: hasMore }) => html`<ul class="rows">
          ${data.map((one) => html`<${Spender} key=${one.user_id} one=${one} most=${mostOf(data)} onChange=${found.reload} />`)}
        </ul>
        ${hasMore && html`<button type="button" class="quiet wide" onClick=${more}>Show more</button>`}`}
    <//>
  </section>`;
}

const tokens = ({ total }) => total.input_tokens + total.output_tokens;
const mostOf = (data) => Math.max(1, ...data.map(tokens));

/** The page with the name of each person; whoever is gone meanwhile keeps their id. */
async function named(fetching) {
  const page = await fetching;
  const names = await Promise.all(page.data.map(({ user_id: id }) => people.find(id).then(({ name }) => name, () => id)));
  return { ...page, data: page.data.map((one, index) => ({ ...one, name: names[index] })) };
}

function Spender({ one, most, onChange }) {
  const { total } = one;
  const choose = async ({ plan }) => {
    await people.setPlan(one.user_id, plan.trim());
    tell(`${one.name} is on the plan “${plan.trim()}”.`);
    await onChange();
  };
  return html`<li class="row tall">
    <span class="row-main"><strong>${one.name}${one.user_id === person.value?.id && " (you)"}</strong>
      <small>${compact.format(total.requests)} requests · ${compact.format(tokens(one))} tokens · ${compact.format(total.tool_calls)} tool calls · plan “${one.plan}”</small>
      <details class="plan"><summary>Change plan</summary>
        <${Form} act=${choose} action="Put on it"><${Field} label=${`Plan of ${one.name}`} name="plan" required maxlength="100" value=${one.plan} autocomplete="off" /><//>
      </details></span>
    <meter min="0" max=${most} value=${tokens(one)} aria-label=${`Tokens of ${one.name}`}></meter>
  </li>`;
}
