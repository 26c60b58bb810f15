// The door: signing in, by link, by password or by invitation.
import { auth } from "../app/api.js";
import { html, useState } from "../app/lib.js";
import { route } from "../app/route.js";
import { heldToken, introduce, join, keepSession, person, reason, reset, server, signIn, stage, useLink } from "../app/session.js";
import { Field, Form, Problem } from "./form.js";
import { Mark } from "./icons.js";

export function Welcome() {
  return html`<main class="door">
    <div class="door-card">
      <div class="brand"><${Mark} /><strong>Famulus</strong></div>
      <${Choice} />
    </div>
  </main>`;
}

function Choice() {
  if (stage.value === "link") return html`<${AnotherPerson} />`;
  if (route.value.name === "join") return html`<${Join} />`;
  if (route.value.name === "forgotten") return html`<${Forgotten} />`;
  if (route.value.name === "reset") return html`<${Reset} />`;
  if (route.value.name === "address") return html`<${NewAddress} />`;
  if (heldToken.value !== null) return html`<${Introduce} />`;
  if (server.value.set_up === false) return html`<${NobodyYet} />`;
  return html`<${SignIn} />`;
}

function SignIn() {
  return html`<h1>Welcome back</h1>
    ${reason.value && html`<${Problem} error=${reason.value} />`}
    ${server.value.password_sign_in !== false &&
    html`<${Form} act=${({ email, password }) => signIn(email, password)} action="Sign in">
      <${Field} label="E-mail" name="email" type="email" autocomplete="username" required />
      <${Field} label="Password" name="password" type="password" autocomplete="current-password" required />
    <//>`}
    <p class="aside">
      Forgotten your password? <a href="#/forgotten">Have a link sent to you.</a> No password, or no e-mail here? <code>famulus user link</code>, run where Famulus is installed, prints a link that
      signs you in.
    </p>`;
}

function NobodyYet() {
  return html`<h1>Nearly there</h1>
    ${reason.value && html`<${Problem} error=${reason.value} />`}
    <p>
      This Famulus has no owner yet. Open the link that it printed when it started; it makes you the owner, and works
      once. Starting it again prints a new one.
    </p>`;
}

function AnotherPerson() {
  return html`<h1>You are already signed in</h1>
    <p>This browser is signed in as <strong>${person.value.name || person.value.email}</strong>.</p>
    <p class="buttons">
      <button type="button" onClick=${keepSession}>Stay</button>
      <button type="button" class="primary" onClick=${() => useLink()}>Use the link instead</button>
    </p>`;
}

function Introduce() {
  return html`<h1>Who are you?</h1>
    <${Form} act=${introduce} action="Begin" problem=${reason.value}><${AboutYou} /><//>`;
}

function Join() {
  const { token } = route.value;
  if (stage.value === "in") return html`<h1>You are already here</h1><p><a class="button" href="#/">Go on</a></p>`;
  return html`<h1>You are invited</h1>
    <p>Tell Famulus who you are, and choose a password.</p>
    <${Form} act=${(fields) => join({ token, ...fields })} action="Join"><${AboutYou} /><//>`;
}

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

function AboutYou() {
  return html`<${Field} label="Name" name="name" autocomplete="name" maxlength="100" required />
    <${Field} label="E-mail" name="email" type="email" autocomplete="username" required />
    <${Field} label="Password" name="password" type="password" autocomplete="new-password" minlength="8" required
      hint="At least eight characters; a few words are better." />`;
}
