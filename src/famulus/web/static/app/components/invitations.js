import { invitations as api } from "../api.js";
import { ROOT } from "../connection.js";
import { html, useEffect, useState } from "../lib.js";
import { attempt } from "../notices.js";
import { CopyButton } from "./copy.js";
import { Field, Form } from "./form.js";
import { Row } from "./keys.js";

/** Links with which other people get an account of their own. */
export function Invitations() {
  const [open, setOpen] = useState([]);
  const [fresh, setFresh] = useState(null);
  const reload = async () => setOpen(((await attempt(api.list()))?.data ?? []).filter((one) => !one.used_at));
  useEffect(() => void reload(), []);
  const invite = async ({ email }) => {
    setFresh(await api.create(email.trim()));
    await reload();
  };
  const revoke = async (id) => {
    await attempt(api.revoke(id));
    if (fresh?.id === id) setFresh(null);
    await reload();
  };
  return html`<p class="aside">They get an account of their own; nobody sees what another one says.</p>
    ${fresh && html`<${Link} invitation=${fresh} />`}
    ${open.length > 0 &&
    html`<ul class="rows">
      ${open.map(
        (one) => html`<${Row} key=${one.id} name=${one.email || "Anybody with the link"} at=${one.created_at ?? one.expires_at}
          onRevoke=${() => revoke(one.id)} />`,
      )}
    </ul>`}
    <${Form} act=${invite} action="Make a link" reset>
      <${Field} label="Their e-mail" name="email" type="email" autocomplete="off" hint="Optional; the link then only works for it." />
    <//>`;
}

function Link({ invitation }) {
  const link = new URL(invitation.link, ROOT).href;
  const until = new Date(invitation.expires_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return html`<div class="secret" role="status">
    <p>Send them this link. It works once, until ${until}.</p>
    <p class="secret-text"><code>${link}</code><${CopyButton} text=${link} /></p>
  </div>`;
}
