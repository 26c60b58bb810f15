import { keys as api } from "../../app/api.js";
import { html, useEffect, useState } from "../../app/lib.js";
import { attempt } from "../../app/notices.js";
import { ago, day } from "../../app/times.js";
import { CopyButton } from "../copy.js";
import { Field, Form } from "../form.js";

/** Keys for programs. A secret is seen once, here, and never again. */
export function Keys() {
  const [keys, setKeys] = useState([]);
  const [fresh, setFresh] = useState(null);
  const reload = async () => setKeys((await attempt(api.list()))?.data ?? []);
  useEffect(() => void reload(), []);
  const create = async ({ name }) => {
    setFresh(await api.create(name.trim()));
    await reload();
  };
  const revoke = async (id) => {
    await attempt(api.revoke(id));
    if (fresh?.id === id) setFresh(null);
    await reload();
  };
  return html`<section class="panel" aria-labelledby="keys">
    <h2 id="keys">API keys</h2>
    <p class="aside">A key lets a program act as you, over the API.</p>
    ${fresh && html`<${Secret} text=${fresh.secret} />`}
    ${keys.length > 0 &&
    html`<ul class="rows">
      ${keys.map((key) => html`<${Row} key=${key.id} name=${key.name} note=${noteOf(key)} onRevoke=${() => revoke(key.id)} />`)}
    </ul>`}
    <${Form} act=${create} action="Create key" reset>
      <${Field} label="What is it for?" name="name" placeholder="My script" maxlength="100" required autocomplete="off" />
    <//>
  </section>`;
}

const noteOf = ({ prefix, scopes, created_at: made, last_used_at: used }) =>
  `${prefix}… · ${scopes.join(", ")} · made ${day(made)} · ${used ? `used ${ago(used)}` : "never used"}`;

function Secret({ text }) {
  return html`<div class="secret" role="status">
    <p>Copy it now: it is not shown again.</p>
    <p class="secret-text"><code>${text}</code><${CopyButton} text=${text} /></p>
  </div>`;
}

export function Row({ name, note, onRevoke }) {
  return html`<li class="row">
    <span class="row-main"><strong>${name}</strong><small>${note}</small></span>
    <button type="button" class="quiet" onClick=${onRevoke} aria-label=${`Revoke ${name}`}>Revoke</button>
  </li>`;
}
