import { html } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { change, model, models } from "../../app/session.js";
import { HowToConnect } from "../header.js";
import { Skeleton } from "../page.js";
import { Trial } from "../trial.js";

export function Model() {
  if (!models.value) return html`<${Skeleton} />`;
  const choose = async (id) => {
    if (await attempt(change({ selected_model: id }).then(() => true))) tell("New messages are answered by this model.");
  };
  return html`<section class="panel" aria-labelledby="model">
      <h2 id="model">Who answers</h2>
      <div class="rows" role="radiogroup" aria-labelledby="model">
        ${models.value.data.map(
          (one) => html`<div class="row" key=${one.id}>
            <label class="check row-main"><input type="radio" name="model" checked=${one.id === model.value?.id} onChange=${() => choose(one.id)} />
              <span><strong>${one.name}</strong></span></label>
            ${one.id === models.value.default && html`<span class="tag">default</span>`}
          </div>`,
        )}
      </div>
      <${Trial} key=${model.value?.id} model=${model.value?.id} />
    </section>
    <section class="panel"><${HowToConnect} /></section>`;
}
