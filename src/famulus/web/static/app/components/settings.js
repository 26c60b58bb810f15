import { me } from "../api.js";
import { emptyList } from "../conversations.js";
import { forgetAll } from "../keep.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { attempt } from "../notices.js";
import { change, deviceZone, model, models, person, signOut } from "../session.js";
import { Field, Form } from "./form.js";
import { Close } from "./icons.js";
import { Invitations } from "./invitations.js";
import { Keys } from "./keys.js";

export function Settings({ onClose }) {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  const onClick = (event) => event.target === dialog.current && dialog.current.close();
  const leave = async () => {
    await attempt(signOut());
    if (person.value) return;
    forgetAll();
    emptyList();
  };
  return html`<dialog class="drawer" ref=${dialog} onClose=${onClose} onClick=${onClick} aria-labelledby="settings">
    <div class="drawer-body">
      <header>
        <h2 id="settings">Settings</h2>
        <button type="button" class="icon" aria-label="Close" onClick=${() => dialog.current.close()}><${Close} /></button>
      </header>
      <${Section} name="You" open><${Profile} /><//>
      <${Section} name="Password"><${Password} /><//>
      <${Section} name="API keys"><${Keys} /><//>
      ${person.value?.role === "owner" && html`<${Section} name="Invite a person"><${Invitations} /><//>`}
      <p class="buttons"><button type="button" onClick=${leave}>Sign out</button></p>
    </div>
  </dialog>`;
}

function Section({ name, open = false, children }) {
  const [shown, setShown] = useState(open);
  return html`<details class="section" open=${open} onToggle=${(event) => setShown(event.currentTarget.open)}>
    <summary>${name}</summary>
    ${shown && children}
  </details>`;
}

const zones = () => Intl.supportedValuesOf?.("timeZone") ?? [];

function Profile() {
  const [zone, setZone] = useState(person.value.zone ?? "");
  const [saved, setSaved] = useState(false);
  const save = async ({ name, email, ...chosen }) => {
    setSaved(false);
    const given = { name, email, zone: chosen.zone, selected_model: chosen.model };
    await change(Object.fromEntries(Object.entries(given).filter(([, value]) => value?.trim())));
    setSaved(true);
  };
  return html`<${Form} act=${save} action="Save">
    <${Field} label="Name" name="name" defaultValue=${person.value.name ?? ""} autocomplete="name" maxlength="100" required />
    <${Field} label="E-mail" name="email" type="email" defaultValue=${person.value.email ?? ""} autocomplete="email" />
    <${Field} label="Time zone" name="zone" list="zones" value=${zone} onInput=${(event) => setZone(event.target.value)}
      hint="What you mean by “tomorrow at nine”." />
    <datalist id="zones">${zones().map((name) => html`<option value=${name} />`)}</datalist>
    ${zone !== deviceZone &&
    html`<p><button type="button" class="quiet" onClick=${() => setZone(deviceZone)}>Use ${deviceZone}, as this device</button></p>`}
    <${ModelChoice} />
    ${saved && html`<p class="good" role="status">Saved.</p>`}
  <//>`;
}

function ModelChoice() {
  const choices = models.value?.data ?? [];
  if (choices.length < 2) return null;
  return html`<p class="field">
    <label for="model">Model</label>
    <select id="model" name="model">
      ${choices.map(({ id, name }) => html`<option value=${id} selected=${id === model.value?.id}>${name}</option>`)}
    </select>
  </p>`;
}

function Password() {
  const [saved, setSaved] = useState(false);
  const save = async ({ current, fresh }) => {
    setSaved(false);
    await me.setPassword({ new: fresh, ...(current && { current }) });
    setSaved(true);
  };
  return html`<${Form} act=${save} action="Set password" reset>
    <input type="email" autocomplete="username" value=${person.value.email ?? ""} hidden readonly />
    <${Field} label="Current password" name="current" type="password" autocomplete="current-password"
      hint="Leave empty if you have none yet." />
    <${Field} label="New password" name="fresh" type="password" autocomplete="new-password" minlength="8" required />
    ${saved && html`<p class="good" role="status">Your password is set.</p>`}
  <//>`;
}
