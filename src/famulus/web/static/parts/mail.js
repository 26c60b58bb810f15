// What has to do with mail, before the door: asking for it, and following what it says.
import { auth } from "../app/api.js";
import { html, useState } from "../app/lib.js";
import { route } from "../app/route.js";
import { reset } from "../app/session.js";
import { Field, Form } from "./form.js";

function Forgotten() {
  const [said, say] = useState(null);
  return html`<h1>A new password</h1>
    ${said
      ? html`<p role="status">${said}</p>`
      : html`<${Form} act=${async ({ email }) => say((await auth.forgotPassword(email)).message)} action="Send me a link">
          <${Field} label="E-mail" name="email" type="email" autocomplete="username" required />
        <//>`}
    <p class="aside"><a href="#/">Back</a></p>`;
}

function Reset() {
  return html`<h1>A new password</h1>
    <${Form} act=${({ password }) => reset(route.value.token, password)} action="Set password">
      <${Field} label="New password" name="password" type="password" autocomplete="new-password" minlength="8" required
        hint="At least eight characters; a few words are better." />
    <//>`;
}

function NewAddress() {
  const [said, say] = useState(null);
  const confirm = async () => say(await auth.confirmEmail(route.value.token));
  return html`<h1>Your new address</h1>
    ${said
      ? html`<p role="status">You sign in with ${said.email} from now on.</p>
          <p class="buttons"><a class="button" href="#/" onClick=${() => setTimeout(() => location.reload())}>Go on</a></p>`
      : html`<p>Somebody with an account here, most likely you, wants mail to come to this address.</p>
          <${Form} act=${confirm} action="Yes, it is mine" />`}`;
}

export const PAGES = { forgotten: Forgotten, reset: Reset, address: NewAddress };
