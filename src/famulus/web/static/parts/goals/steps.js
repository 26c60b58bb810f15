// The roadmap as a list: everything that the picture shows, and all that can be done with it.
import { html, useState } from "../../app/lib.js";
import { day } from "../../app/times.js";
import { Form, Field } from "../form.js";
import { Plus, Trash } from "../icons.js";

export function Steps({ roadmap, onTick, onAdd, onRemove }) {
  return html`<ol class="steps">
    ${roadmap.steps.map(
      (step) => html`<li key=${step.id}>
        <${Line} step=${step} onTick=${onTick} onRemove=${onRemove} />
        ${step.parts.length > 0 &&
        html`<ol class="steps parts">
          ${step.parts.map((part) => html`<li key=${part.id}><${Line} step=${part} onTick=${onTick} onRemove=${onRemove} /></li>`)}
        </ol>`}
      </li>`,
    )}
    <li><${Another} roadmap=${roadmap} onAdd=${onAdd} /></li>
  </ol>`;
}

function Line({ step, onTick, onRemove }) {
  const { id, title, details, ready, done_at: done, target_date: due } = step;
  return html`<div class="step ${done ? "done" : ""} ${ready === false && !done ? "later" : ""}">
    <label class="check"><input type="checkbox" checked=${Boolean(done)} onChange=${() => onTick(step)} />
      <span><span class="step-title">${title}</span>${details && html`<small>${details}</small>`}</span></label>
    ${due && html`<span class="tag">${day(`${due}T12:00:00Z`)}</span>`}
    ${ready === false && !done && html`<span class="tag">later</span>`}
    <button type="button" class="icon" aria-label=${`Remove ${title}`} title="Remove" onClick=${() => onRemove(id, title)}><${Trash} /></button>
  </div>`;
}

function Another({ roadmap, onAdd }) {
  const [open, setOpen] = useState(false);
  if (!open) return html`<button type="button" class="quiet" onClick=${() => setOpen(true)}><${Plus} />Add a step</button>`;
  const add = ({ title, after, parent, due }) =>
    onAdd({ title: title.trim(), ...(due && { target_date: due }), ...(parent && { parent_id: parent }), ...(after && !parent && { after_ids: [after] }) });
  const choices = roadmap.steps.map(({ id, title }) => html`<option value=${id}>${title}</option>`);
  const last = roadmap.steps.at(-1)?.id ?? "";
  return html`<div class="panel"><${Form} act=${add} action="Add step" reset>
    <${Field} label="Step" name="title" maxlength="200" required autocomplete="off" />
    <div class="fields">
      <p class="field"><label for="step-after">Comes after</label><select id="step-after" name="after"><option value="">Nothing</option>${roadmap.steps.map(({ id, title }) => html`<option value=${id} selected=${id === last}>${title}</option>`)}</select></p>
      <p class="field"><label for="step-parent">Is a part of</label><select id="step-parent" name="parent"><option value="">Nothing</option>${choices}</select></p>
      <${Field} label="By" name="due" type="date" />
    </div>
    <button type="button" class="quiet" onClick=${() => setOpen(false)}>Close</button>
  <//></div>`;
}
