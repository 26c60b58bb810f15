import { sessions as api } from "../../app/api.js";
import { html } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { ago } from "../../app/times.js";
import { Loaded, useLoaded } from "../page.js";

/** Where the person is signed in. */
export function Sessions() {
  const sessions = useLoaded(async () => (await api.list()).data);
  const revoke = async (id) => {
    if ((await attempt(api.revoke(id))) === undefined) return;
    tell("Signed out there.");
    sessions.reload();
  };
  return html`<section class="panel" aria-labelledby="sessions">
    <h2 id="sessions">Where you are signed in</h2>
    <${Loaded} of=${sessions}>
      ${(found) => html`<ul class="rows">
        ${found.map(
          (one) => html`<li class="row" key=${one.id}>
            <span class="row-main"><strong>${browserOf(one.user_agent)}</strong><small>${one.address} · last seen ${ago(one.last_seen_at)}</small></span>
            ${one.current
              ? html`<span class="tag good">here</span>`
              : html`<button type="button" class="quiet" onClick=${() => revoke(one.id)}>Sign out</button>`}
          </li>`,
        )}
      </ul>`}
    <//>
  </section>`;
}

function browserOf(agent) {
  const browser = agent.match(/(Firefox|Edg|OPR|Chrome|Safari)\/(\d+)/);
  const system = agent.match(/Windows|Android|iPhone|iPad|Mac OS X|CrOS|Linux/)?.[0];
  const names = { Edg: "Edge", OPR: "Opera" };
  if (!browser) return agent.slice(0, 60) || "A program";
  return [names[browser[1]] ?? browser[1], system && `on ${system.replace("Mac OS X", "macOS")}`].filter(Boolean).join(" ");
}
