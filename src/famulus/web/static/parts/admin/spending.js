// What everybody has used in the last weeks, and the plan they are on.
import { counted } from "../../app/counts.js";
import { html } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { person } from "../../app/session.js";
import { Form } from "../form.js";
import { Bars } from "../icons.js";
import { Loaded, Nothing, useLoaded } from "../page.js";
import { people, spenders } from "./api.js";

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
      ${({ data, plans, has_more: hasMore }) => html`<ul class="rows">
          ${data.map((one) => html`<${Spender} key=${one.user_id} one=${one} plans=${plans} most=${mostOf(data)} onChange=${found.reload} />`)}
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

function Spender({ one, plans, most, onChange }) {
  const { total } = one;
  const field = `plan-of-${one.user_id}`;
  // A plan that was taken out of the settings is still somebody's.
  const known = plans.includes(one.plan) ? plans : [one.plan, ...plans];
  const choose = async ({ plan }) => {
    await people.setPlan(one.user_id, plan);
    tell(`${one.name} is on the plan “${plan}”.`);
    await onChange();
  };
  return html`<li class="row tall">
    <span class="row-main"><strong>${one.name}${one.user_id === person.value?.id && " (you)"}</strong>
      <small>${counted(total.requests, "request")} · ${counted(tokens(one), "token")} · ${counted(total.tool_calls, "tool call")} · plan “${one.plan}”</small>
      <details class="plan"><summary>Change plan</summary>
        <${Form} act=${choose} action="Put on it"><p class="field"><label for=${field}>Plan of ${one.name}</label>
          <select id=${field} name="plan">${known.map((plan) => html`<option value=${plan} selected=${plan === one.plan}>${plan}</option>`)}</select></p><//>
      </details></span>
    <meter min="0" max=${most} value=${tokens(one)} aria-label=${`Tokens of ${one.name}`}></meter>
  </li>`;
}
