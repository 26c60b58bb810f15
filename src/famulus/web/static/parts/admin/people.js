// Everybody who has an account: what they are here, and nothing of what is theirs.
import { ROOT } from "../../app/connection.js";
import { html, useState } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { person } from "../../app/session.js";
import { day } from "../../app/times.js";
import { ask } from "../ask.js";
import { CopyButton } from "../copy.js";
import { Field, Form } from "../form.js";
import { Loaded, useLoaded } from "../page.js";
import { Invitations } from "../settings/invitations.js";
import { people as api } from "./api.js";

const TAGS = { owner: "good", admin: "warm" };

export function People() {
  const [wanted, setWanted] = useState("");
  const found = useLoaded(() => api.list(wanted.trim()), [wanted]);
  const more = async () => {
    const next = await attempt(api.list(wanted.trim(), found.value.next));
    if (next) found.set({ ...next, data: [...found.value.data, ...next.data] });
  };
  return html`<section class="panel" aria-labelledby="everybody">
      <h2 id="everybody">Everybody</h2>
      <input type="search" value=${wanted} placeholder="Name or e-mail" aria-label="Search people" onInput=${(event) => setWanted(event.target.value)} />
      <${Loaded} of=${found} empty=${html`<p class="aside">Nobody has that in their name or address.</p>`}>
        ${({ data, has_more: hasMore }) => html`<ul class="rows">
            ${data.map((one) => html`<${Somebody} key=${one.id} one=${one} onChange=${found.reload} />`)}
          </ul>
          ${hasMore && html`<button type="button" class="quiet wide" onClick=${more}>Show more</button>`}`}
      <//>
    </section>
    <${Invitations} />`;
}

function Somebody({ one, onChange }) {
  const me = person.value;
  const mine = one.id === me.id;
  // Admins look after members; the owner after everybody but themselves.
  const charge = !mine && one.role !== "owner" && (me.role === "owner" || one.role === "member");
  return html`<li class="row tall">
    <span class="row-main"><strong>${one.name}${mine && " (you)"}</strong>
      <small>${one.email ?? "no e-mail address"} · since ${day(one.created_at)}</small>
      ${charge && html`<${Standing} one=${one} isOwner=${me.role === "owner"} onChange=${onChange} />`}</span>
    <span class="row-tools">
      ${one.disabled_at && html`<span class="tag bad">disabled</span>`}
      ${TAGS[one.role] && html`<span class="tag ${TAGS[one.role]}">${one.role}</span>`}
    </span>
  </li>`;
}

function Standing({ one, isOwner, onChange }) {
  const [link, setLink] = useState(null);
  const [erasing, setErasing] = useState(false);
  const act = async (promise, words) => {
    if (await attempt(promise.then(() => true))) tell(words);
    await onChange();
  };
  const change = (fields, words) => act(api.change(one.id, fields), words);
  const disable = async () => {
    const text = "Every session and every key of theirs stops working at once. Nothing of theirs is removed.";
    if (await ask({ title: `Disable ${one.name}?`, text, action: "Disable" })) await change({ disabled: true }, `${one.name} is disabled.`);
  };
  const reset = async () => setLink((await attempt(api.resetLink(one.id))) ?? null);
  return html`<div class="standing">
    <span class="buttons">
      ${one.disabled_at
        ? html`<button type="button" onClick=${() => change({ disabled: false }, `${one.name} can sign in again.`)}>Enable</button>`
        : html`<button type="button" onClick=${disable}>Disable</button>`}
      <button type="button" onClick=${() => act(api.signOut(one.id), `${one.name} is signed out everywhere.`)}>Sign out</button>
      ${isOwner && one.role === "member" && html`<button type="button" onClick=${() => change({ role: "admin" }, `${one.name} is an admin.`)}>Make admin</button>`}
      ${isOwner && one.role === "admin" && html`<button type="button" onClick=${() => change({ role: "member" }, `${one.name} is a member.`)}>Make member</button>`}
      ${isOwner && html`<button type="button" onClick=${reset}>Reset password</button>
        <button type="button" class="quiet" aria-expanded=${erasing} onClick=${() => setErasing(!erasing)}>Delete…</button>`}
    </span>
    ${link && html`<${ResetLink} name=${one.name} link=${link.link} />`}
    ${erasing && html`<${Erase} one=${one} onDone=${onChange} />`}
  </div>`;
}

function ResetLink({ name, link }) {
  const whole = new URL(link, ROOT).href;
  return html`<div class="secret" role="status">
    <p>Give ${name} this link; it sets a new password, once, within half an hour. It is not shown again.</p>
    <p class="secret-text"><code>${whole}</code><${CopyButton} text=${whole} /></p>
  </div>`;
}

function Erase({ one, onDone }) {
  const erase = async ({ word, password }) => {
    if (word.trim().toLowerCase() !== "erase") throw new Error("Write the word erase to confirm.");
    await api.erase(one.id, password ? { password } : {});
    tell(`${one.name} and all that was theirs is gone.`);
    await onDone();
  };
  return html`<div class="erasing"><p class="aside">Everything of ${one.name} goes, for ever and at once. Nobody can bring it back.</p>
    <${Form} act=${erase} action=${`Delete ${one.name}`}>
      <${Field} label="Write “erase”" name="word" autocomplete="off" required />
      <${Field} label="Your own password" name="password" type="password" autocomplete="current-password" hint="If you have one." />
    <//></div>`;
}
