// What happened while the person was elsewhere, and the ways in which they are told.
import { call, enc, newId, page, V1 } from "../app/api.js";
import { html, useEffect } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { news } from "../app/notifications.js";
import { route, visit } from "../app/route.js";
import { ago, moment } from "../app/times.js";
import { Choice } from "../parts/choice.js";
import { Archive, Bell, Check, Dot, Trash } from "../parts/icons.js";
import { Deliveries } from "../parts/notifications/deliveries.js";
import { QuietHours, Ways } from "../parts/notifications/ways.js";
import { Loaded, Nothing, Page, useLoaded } from "../parts/page.js";

const AT = `${V1}/notifications`;
const api = {
  page: (which, after) => call("GET", `${AT}${page(30, after)}&which=${which}`),
  change: (id, fields) => call("PATCH", `${AT}/${enc(id)}`, fields),
  remove: (id) => call("DELETE", `${AT}/${enc(id)}`),
  readAll: () => call("POST", `${AT}/read`),
  act: (id, action) => call("POST", `${AT}/${enc(id)}/actions`, { action }, { "Idempotency-Key": newId() }),
};
const WHICH = [["unread", "New"], ["all", "All"], ["archived", "Put away"], ["ways", "Ways to reach you"], ["sent", "What was sent"]];
// What is not a list of notifications.
const APART = { ways: () => html`<${QuietHours} /><${Ways} />`, sent: () => html`<${Deliveries} />` };

export default function Notifications() {
  const which = WHICH.find(([name]) => name === route.value.rest?.[0])?.[0] ?? "unread";
  const actions = html`<button type="button" onClick=${() => attempt(api.readAll())}><${Check} />Mark all as read</button>`;
  return html`<${Page} title="News" kind="narrow" actions=${!APART[which] && actions}>
    <${Choice} label="Which" options=${WHICH} value=${which} onChoose=${(name) => visit(`#/notifications/${name}`)} />
    ${APART[which]?.() ?? html`<${Inbox} key=${which} which=${which} />`}
  <//>`;
}

function Inbox({ which }) {
  const found = useLoaded(() => api.page(which), [which]);
  useEffect(() => void found.reload(), [news.value]);
  const more = async () => {
    const next = await attempt(api.page(which, found.value.next));
    if (next) found.set({ ...next, data: [...found.value.data, ...next.data] });
  };
  const empty = html`<${Nothing} icon=${Bell} title=${which === "unread" ? "Nothing new" : "Nothing here"}
    text="Reminders and long work that has ended are told here, and wherever else you like to be reached." />`;
  return html`<${Loaded} of=${found} empty=${empty}>
    ${({ data, has_more: hasMore }) => html`<ul class="rows">
        ${data.map((one) => html`<${Notification} key=${one.id} one=${one} onChange=${found.reload} />`)}
      </ul>
      ${hasMore && html`<button type="button" class="quiet wide" onClick=${more}>Show more</button>`}`}
  <//>`;
}

function Notification({ one, onChange }) {
  const act = async (promise, words) => {
    if ((await attempt(promise.then(() => true))) && words) tell(words);
    onChange();
  };
  const choose = async ({ id, kind, url }) => {
    await act(api.act(one.id, id));
    if (kind === "open") open(url, "_blank", "noopener,noreferrer");
  };
  const isNew = !one.read_at && !one.archived_at;
  return html`<li class="row tall">
    ${isNew ? html`<span class="dot still marks"><span class="off-screen">new</span></span>` : html`<span class="marks"></span>`}
    <div class="row-main">
      <strong>${one.title}</strong>
      ${one.body && html`<span class="remembered">${one.body}</span>`}
      <small><span class="tag ${one.urgent ? "warm" : ""}">${one.urgent ? "urgent" : one.kind}</span> <span title=${moment(one.created_at)}>${ago(one.created_at)}</span></small>
      ${one.actions.length > 0 && html`<p class="row-tools">${one.actions.map((action) => html`<button type="button" key=${action.id} onClick=${() => choose(action)}>${action.label}</button>`)}</p>`}
    </div>
    <div class="row-tools">
      <button type="button" class="icon" title=${isNew ? "Mark as read" : "Mark as new"} aria-label=${`Mark ${one.title} as ${isNew ? "read" : "new"}`}
        onClick=${() => act(api.change(one.id, { read: isNew }))}><${isNew ? Check : Dot} /></button>
      <button type="button" class="icon" title=${one.archived_at ? "Bring back" : "Put away"} aria-label=${`${one.archived_at ? "Bring back" : "Put away"} ${one.title}`}
        onClick=${() => act(api.change(one.id, { archived: !one.archived_at }))}><${Archive} /></button>
      <button type="button" class="icon" title="Delete" aria-label=${`Delete ${one.title}`} onClick=${() => act(api.remove(one.id), "Deleted.")}><${Trash} /></button>
    </div>
  </li>`;
}
