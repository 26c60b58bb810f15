// When a person wants to be left in peace, and where else they are told.
import { call, enc, newId, V1 } from "../../app/api.js";
import { html, useState } from "../../app/lib.js";
import { attempt, notify, tell } from "../../app/notices.js";
import { moment } from "../../app/times.js";
import { CopyButton } from "../copy.js";
import { Field, Form } from "../form.js";
import { Loaded, useLoaded } from "../page.js";
import { ThisBrowser } from "./browser.js";

const AT = `${V1}/notifications`;

export function QuietHours() {
  const found = useLoaded(() => call("GET", `${AT}/preferences`));
  const save = async ({ since, until }) => {
    found.set(await call("PUT", `${AT}/preferences`, { quiet_from: since || null, quiet_until: until || null }));
    tell("Saved.");
  };
  return html`<section class="panel" aria-labelledby="quiet">
    <h2 id="quiet">Quiet hours</h2>
    <${Loaded} of=${found}>
      ${(now) => html`<p class="aside">In them, nothing goes out to the ways below but what is urgent; it goes out afterwards. Times are of ${now.zone}.
          ${now.quiet_now_until && html` It is quiet now, until ${moment(now.quiet_now_until)}.`}</p>
        <${Form} act=${save} action="Save">
          <div class="fields">
            <${Field} label="From" name="since" type="time" defaultValue=${now.quiet_from ?? ""} />
            <${Field} label="Until" name="until" type="time" defaultValue=${now.quiet_until ?? ""} />
          </div>
        <//>`}
    <//>
  </section>`;
}

export function Ways() {
  const found = useLoaded(async () => (await call("GET", `${AT}/channels`)).data);
  return html`<${ThisBrowser} onChange=${found.reload} /><${Channels} found=${found} />`;
}

function Channels({ found }) {
  const [fresh, setFresh] = useState(null);
  const create = async ({ kind, name, target }) => {
    setFresh(await call("POST", `${AT}/channels`, { kind, name: name.trim(), target: target.trim() }, { "Idempotency-Key": newId() }));
    found.reload();
  };
  return html`<section class="panel" aria-labelledby="ways">
    <h2 id="ways">Where else you are told</h2>
    ${fresh?.secret &&
    html`<div class="secret" role="status"><p>What is sent there is signed with this secret. Copy it now: it is not shown again.</p>
      <p class="secret-text"><code>${fresh.secret}</code><${CopyButton} text=${fresh.secret} /></p></div>`}
    <${Loaded} of=${found}>
      ${(channels) => html`<ul class="rows">${channels.map((one) => html`<${Channel} key=${one.id} channel=${one} onChange=${found.reload} />`)}</ul>`}
    <//>
    <${Form} act=${create} action="Add" reset>
      <div class="fields">
        <p class="field"><label for="way-kind">Kind</label><select id="way-kind" name="kind"><option value="email">E-mail</option><option value="webhook">Webhook</option><option value="apprise">Apprise</option></select></p>
        <${Field} label="Name" name="name" maxlength="100" required autocomplete="off" />
        <${Field} label="Address" name="target" maxlength="2000" required autocomplete="off" />
      </div>
    <//>
  </section>`;
}

function Channel({ channel, onChange }) {
  const at = `${AT}/channels/${enc(channel.id)}`;
  const test = async () => {
    const result = await attempt(call("POST", `${at}/test`));
    if (result?.delivered) tell(channel.verified ? "The test has arrived there." : "A message with a code is on its way.");
    else if (result) notify({ message: `The test did not arrive: ${result.error ?? `status ${result.status}`}.` });
    onChange();
  };
  const verify = async ({ code }) => {
    await call("POST", `${at}/verify`, { code: code.trim() });
    tell("Proved. Notifications go there from now on.");
    onChange();
  };
  const change = async (promise) => {
    await attempt(promise);
    onChange();
  };
  return html`<li class="row tall">
    <div class="row-main"><strong>${channel.name}</strong><small>${channel.kind} · ${channel.target}${channel.last_error ? ` · ${channel.last_error}` : ""}</small>
      <${Kinds} channel=${channel} onChange=${(kinds) => change(call("PATCH", at, { kinds }))} />
      ${!channel.verified && html`<${Form} act=${verify} action="Prove it"><${Field} label="The code from the test message" name="code" required autocomplete="one-time-code" /><//>`}</div>
    <div class="row-tools">
      <label class="check"><input type="checkbox" checked=${channel.enabled} onChange=${() => change(call("PATCH", at, { enabled: !channel.enabled }))} />Use</label>
      <button type="button" class="quiet" onClick=${test}>Test</button>
      <button type="button" class="quiet" onClick=${() => change(call("DELETE", at))} aria-label=${`Remove ${channel.name}`}>Remove</button>
    </div>
  </li>`;
}

const KINDS = [["reminder", "reminders"], ["assistant", "what an assistant says"], ["usage", "limits of usage"]];

/** What goes to a channel: everything, or some of what there is. */
function Kinds({ channel, onChange }) {
  const { kinds, name } = channel;
  const known = [...KINDS, ...(kinds ?? []).filter((kind) => KINDS.every(([one]) => one !== kind)).map((kind) => [kind, kind])];
  const toggle = (kind) => onChange(kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind]);
  return html`<fieldset class="kinds"><legend class="off-screen">What goes to ${name}</legend>
    <label class="check"><input type="checkbox" checked=${kinds === null} onChange=${() => onChange(kinds === null ? ["reminder"] : null)} />everything</label>
    ${kinds !== null && known.map(([kind, words]) => html`<label class="check" key=${kind}><input type="checkbox" checked=${kinds.includes(kind)} onChange=${() => toggle(kind)} />${words}</label>`)}
  </fieldset>`;
}
