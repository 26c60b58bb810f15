// When the person is asked how far a goal is.
import { html } from "../../app/lib.js";
import { tell } from "../../app/notices.js";
import { Field, Form } from "../form.js";
import { Loaded, useLoaded } from "../page.js";
import { spoken } from "../reminders/rules.js";
import { Tools } from "../reminders/tools.js";
import { goals as api } from "./api.js";

export function CheckIns({ goal }) {
  const found = useLoaded(() => api.checkIns(goal.id), [goal.id]);
  const add = async ({ when }) => {
    const made = await api.checkIn(goal.id, { schedule: { kind: "phrase", text: when } });
    tell(`You are asked on ${made.next_local}.`);
    found.reload();
  };
  return html`<section class="panel" aria-labelledby="check-ins"><h2 id="check-ins">Check-ins</h2>
    <${Loaded} of=${found}>
      ${(checkIns) => html`<ul class="rows">
        ${checkIns.map(
          (one) => html`<li class="row" key=${one.id}>
            <span class="row-main"><strong><a href=${`#/reminders/${one.id}`}>${one.next_local ?? one.state}</a></strong><small>${spoken(one)}</small></span>
            <${Tools} reminder=${one} onDone=${found.reload} /></li>`,
        )}
      </ul>`}
    <//>
    <${Form} act=${add} action="Ask me" reset>
      <${Field} label="When should you be asked how far it is?" name="when" maxlength="200" required autocomplete="off" placeholder="every Friday at 9" />
    <//>
  </section>`;
}
