import { invitations as api } from "../../app/api.js";
import { ROOT } from "../../app/connection.js";
import { html, useEffect, useState } from "../../app/lib.js";
import { attempt } from "../../app/notices.js";
import { moment } from "../../app/times.js";
import { CopyButton } from "../copy.js";
import { Field, Form } from "../form.js";
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
  return html`<section class="panel" aria-labelledby="invitations">
    <h2 id="invitations">Invite a person</h2>
    <p class="aside">They get an account of their own; nobody sees what another one says.</p>
    ${fresh && html`<${Link} invitation=${fresh} />`}
    ${open.length > 0 &&
    html`<ul class="rows">
      ${open.map(
        (one) => html`<${Row} key=${one.id} name=${one.email || "Anybody with the link"} note=${`works until ${moment(one.expires_at)}`}
          onRevoke=${() => revoke(one.id)} />`,
      )}
    </ul>`}
    <${Form} act=${invite} action="Make a link" reset>
      <${Field} label="Their e-mail" name="email" type="email" autocomplete="off" hint="Optional; the link then only works for it." />
    <//>
  </section>`;
}

function Link({ invitation }) {
  const link = new URL(invitation.link, ROOT).href;
  const until = new Date(invitation.expires_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return html`<div class="secret" role="status">
    <p>Send them this link. It works once, until ${until}.</p>
    <p class="secret-text"><code>${link}</code><${CopyButton} text=${link} /></p>
  </div>`;
}
