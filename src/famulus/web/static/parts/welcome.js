// The door: signing in, by link, by password or by invitation.
import { html, useEffect, useState } from "../app/lib.js";
import { AT_THE_DOOR, route } from "../app/route.js";
import { heldToken, introduce, join, keepSession, person, reason, server, signIn, stage, useLink } from "../app/session.js";
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
  if (AT_THE_DOOR.includes(route.value.name)) return html`<${ByMail} />`;
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
      ${server.value.password_sign_in !== false && html`Forgotten your password? <a href="#/forgotten">Have a link sent to you.</a> `}No password, or no e-mail here? <code>famulus user link</code>, run where Famulus is installed, prints a link that
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

/** Where a mail leads to; fetched when needed. */
function ByMail() {
  const [Shown, show] = useState(null);
  useEffect(() => void import("./mail.js").then(({ PAGES }) => show(() => PAGES[route.value.name])), [route.value.name]);
  return Shown && html`<${Shown} />`;
}

function AboutYou() {
  return html`<${Field} label="Name" name="name" autocomplete="name" maxlength="100" required />
    <${Field} label="E-mail" name="email" type="email" autocomplete="username" required />
    <${Field} label="Password" name="password" type="password" autocomplete="new-password" minlength="8" required
      hint="At least eight characters; a few words are better." />`;
}
