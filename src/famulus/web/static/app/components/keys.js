import { keys as api } from "../api.js";
import { html, useEffect, useState } from "../lib.js";
import { attempt } from "../notices.js";
import { CopyButton } from "./copy.js";
import { Field, Form } from "./form.js";

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
  return html`<p class="aside">A key lets a program act as you, over the API.</p>
    ${fresh && html`<${Secret} text=${fresh.secret} />`}
    ${keys.length > 0 &&
    html`<ul class="rows">
      ${keys.map((key) => html`<${Row} key=${key.id} name=${key.name} at=${key.created_at} onRevoke=${() => revoke(key.id)} />`)}
    </ul>`}
    <${Form} act=${create} action="Create key" reset>
      <${Field} label="What is it for?" name="name" placeholder="My script" maxlength="100" required autocomplete="off" />
    <//>`;
}

function Secret({ text }) {
  return html`<div class="secret" role="status">
    <p>Copy it now: it is not shown again.</p>
    <p class="secret-text"><code>${text}</code><${CopyButton} text=${text} /></p>
  </div>`;
}

export function Row({ name, at, onRevoke }) {
  return html`<li>
    <span>${name}<small>${new Date(at).toLocaleDateString([], { dateStyle: "medium" })}</small></span>
    <button type="button" class="quiet" onClick=${onRevoke} aria-label=${`Revoke ${name}`}>Revoke</button>
  </li>`;
}
