// What the person is reminded of, and when.
import { html, useEffect, useState } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { news } from "../app/notifications.js";
import { route } from "../app/route.js";
import { ago } from "../app/times.js";
import { Choice } from "../parts/choice.js";
import { Alarm, Plus } from "../parts/icons.js";
import { Loaded, Nothing, Page, useLoaded } from "../parts/page.js";
import { reminders as api } from "../parts/reminders/api.js";
import { NewReminder } from "../parts/reminders/editor.js";
import { Reminder, stateWords } from "../parts/reminders/reminder.js";
import { spoken } from "../parts/reminders/rules.js";
import { Tools } from "../parts/reminders/tools.js";

const WHICH = [["active", "Coming"], ["paused", "Paused"], ["", "All"]];

export default function Reminders() {
  const [id] = route.value.rest ?? [];
  return id ? html`<${Reminder} key=${id} id=${id} />` : html`<${All} />`;
}

function All() {
  const [which, setWhich] = useState("active");
  const [adding, setAdding] = useState(false);
  const found = useLoaded(() => api.page(which), [which]);
  useEffect(() => void found.reload(), [news.value]);
  const made = (reminder) => {
    setAdding(false);
    tell(`Due on ${reminder.next_local}.`);
    found.reload();
  };
  const more = async () => {
    const next = await attempt(api.page(which, found.value.next));
    if (next) found.set({ ...next, data: [...found.value.data, ...next.data] });
  };
  const actions = html`<button type="button" class="primary" aria-expanded=${adding} onClick=${() => setAdding(!adding)}><${Plus} />New reminder</button>`;
  const empty = !adding && html`<${Nothing} icon=${Alarm} title=${which ? "Nothing here" : "Nothing to be reminded of"} text="Say it in a conversation, or here: “tomorrow at 9”, “every other Friday”." />`;
  return html`<${Page} title="Reminders" kind="narrow" actions=${actions}>
    ${adding && html`<section class="panel" aria-labelledby="new-reminder"><h2 id="new-reminder">A new reminder</h2><${NewReminder} onDone=${made} /></section>`}
    <${Choice} label="Which" options=${WHICH} value=${which} onChoose=${setWhich} />
    <${Loaded} of=${found} empty=${empty}>
      ${({ data, has_more: hasMore }) => html`<ul class="rows">${inOrder(data).map((one) => html`<${Row} key=${one.id} reminder=${one} onDone=${found.reload} />`)}</ul>
        ${hasMore && html`<button type="button" class="quiet wide" onClick=${more}>Show more</button>`}`}
    <//>
  <//>`;
}

/** What comes first, first; behind it what does not come. */
function inOrder(reminders) {
  const at = ({ next_at: next, snoozed_until: snoozed }) => [next, snoozed].filter(Boolean).sort()[0] ?? "~";
  return [...reminders].sort((one, other) => (at(one) < at(other) ? -1 : at(one) > at(other) ? 1 : 0));
}

function Row({ reminder, onDone }) {
  const { id, title, state, next_local: next, next_at: at } = reminder;
  const comes = state === "active" && next;
  return html`<li class="row tall">
    <div class="row-main"><strong><a class="plain" href=${`#/reminders/${id}`}>${title}</a></strong>
      <small>${comes ? next : stateWords(reminder)}${comes && at && html` · ${ago(at)}`}</small>
      <small class="reminder-tags"><span class="tag">${spoken(reminder)}</span>${reminder.urgent && html`<span class="tag warm">urgent</span>`}${reminder.prompt && html`<span class="tag good">asks an assistant</span>`}${reminder.about_kind === "goal" && html`<span class="tag">goal</span>`}</small></div>
    <${Tools} reminder=${reminder} onDone=${onDone} />
  </li>`;
}
