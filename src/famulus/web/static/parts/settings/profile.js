import { me } from "../../app/api.js";
import { html, useState } from "../../app/lib.js";
import { tell } from "../../app/notices.js";
import { change, deviceZone, person } from "../../app/session.js";
import { Field, Form } from "../form.js";

const zones = () => Intl.supportedValuesOf?.("timeZone") ?? [];

export function Profile() {
  const [zone, setZone] = useState(person.value.zone ?? "");
  const save = async ({ name, ...chosen }) => {
    const given = { name, zone: chosen.zone };
    await change(Object.fromEntries(Object.entries(given).filter(([, value]) => value?.trim())));
    tell("Saved.");
  };
  return html`<section class="panel" aria-labelledby="profile">
    <h2 id="profile">Profile</h2>
    <${Form} act=${save} action="Save">
      <${Field} label="Name" name="name" defaultValue=${person.value.name ?? ""} autocomplete="name" maxlength="100" required />
      <${Field} label="Time zone" name="zone" list="zones" value=${zone} onInput=${(event) => setZone(event.target.value)}
        hint="What you mean by “tomorrow at nine”." />
      <datalist id="zones">${zones().map((name) => html`<option value=${name} />`)}</datalist>
      ${zone !== deviceZone &&
      html`<p><button type="button" class="quiet" onClick=${() => setZone(deviceZone)}>Use ${deviceZone}, as this device</button></p>`}
    <//>
  </section>`;
}

export function Email() {
  const [said, say] = useState("");
  const save = async ({ email, password }) => {
    const outcome = await me.changeEmail({ email, ...(password && { password }) });
    say(outcome.message);
    if (outcome.changed) person.value = { ...person.value, email: outcome.email };
  };
  return html`<section class="panel" aria-labelledby="email">
    <h2 id="email">E-mail</h2>
    <p class="aside">${person.value.email ? html`You sign in with <strong>${person.value.email}</strong>.` : "There is no address yet."}</p>
    <${Form} act=${save} action="Change address" reset>
      <div class="fields">
        <${Field} label="New address" name="email" type="email" autocomplete="email" required />
        <${Field} label="Your password" name="password" type="password" autocomplete="current-password" />
      </div>
    <//>
    <p role="status" class="aside">${said}</p>
  </section>`;
}

export function Password() {
  const save = async ({ current, fresh }) => {
    await me.setPassword({ new: fresh, ...(current && { current }) });
    tell("Your password is set. Everywhere else you are signed out.");
  };
  return html`<section class="panel" aria-labelledby="password">
    <h2 id="password">Password</h2>
    <${Form} act=${save} action="Set password" reset>
      <input type="email" autocomplete="username" value=${person.value.email ?? ""} hidden readonly />
      <div class="fields">
        <${Field} label="Current password" name="current" type="password" autocomplete="current-password"
          hint="Leave empty if you have none yet." />
        <${Field} label="New password" name="fresh" type="password" autocomplete="new-password" minlength="8" required
          hint="At least eight characters; a few words are better." />
      </div>
    <//>
  </section>`;
}
