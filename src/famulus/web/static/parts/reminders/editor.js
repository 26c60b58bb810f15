// A reminder that is being made, or changed.
import { html, useState } from "../../app/lib.js";
import { Field, Form, TextField } from "../form.js";
import { reminders as api } from "./api.js";
import { When, wished } from "./when.js";

const MISSED = [["coalesce", "Say the last of it, late"], ["skip", "Say nothing"], ["all", "Say everything"]];

/** A form for a new reminder; `onDone(reminder)` when it is kept. */
export function NewReminder({ onDone }) {
  const [kind, setKind] = useState("phrase");
  const act = async (fields, form) => onDone(await api.create({ ...said(fields), ...wished(kind, form) }));
  return html`<${Form} act=${act} action="Remind me">
    <${Field} label="Remind me of" name="title" maxlength="200" required autocomplete="off" autofocus placeholder="Water the plants" />
    <${When} kind=${kind} onKind=${setKind} />
    <details><summary>More</summary><${More} /></details>
  <//>`;
}

export function ChangedReminder({ reminder, onDone }) {
  const [kind, setKind] = useState(null);
  const act = async (fields, form) => {
    const { floating, ...rest } = said(fields);
    onDone(await api.change(reminder.id, { ...rest, ...(kind && { timed: wished(kind, form) }) }));
  };
  return html`<${Form} act=${act} action="Save">
    <${Field} label="Remind me of" name="title" defaultValue=${reminder.title} maxlength="200" required autocomplete="off" />
    ${kind ? html`<${When} kind=${kind} onKind=${setKind} />` : html`<p><button type="button" onClick=${() => setKind("phrase")}>At another time</button></p>`}
    <${More} of=${reminder} />
  <//>`;
}

function More({ of }) {
  const [id] = useState(() => `missed-${Math.random().toString(36).slice(2)}`);
  return html`<div class="form">
    <${TextField} label="Note" name="note" rows="2" maxlength="4000" defaultValue=${of?.note ?? ""} />
    <${TextField} label="What an assistant is asked each time" name="prompt" rows="2" maxlength="4000" defaultValue=${of?.prompt ?? ""}
      hint="It answers in a conversation of its own. Leave it empty to be reminded and no more." placeholder="Summarise my day." />
    <div class="fields">
      <p class="field"><label for=${id}>What was due while this server was down</label>
        <select id=${id} name="missed">${MISSED.map(([value, words]) => html`<option value=${value} selected=${value === (of?.missed ?? "coalesce")}>${words}</option>`)}</select></p>
      <div class="form">
        <label class="check"><input type="checkbox" name="urgent" defaultChecked=${of?.urgent} />Also in quiet hours</label>
        ${!of && html`<label class="check"><input type="checkbox" name="floating" />Keep the clock's time when I travel</label>`}
      </div>
    </div>
  </div>`;
}

function said({ title, note, prompt, missed, urgent, floating }) {
  return {
    title: title.trim(), note: note ?? "", missed, urgent: urgent === "on", floating: floating === "on",
    ...(prompt?.trim() && { prompt: prompt.trim() }),
  };
}
