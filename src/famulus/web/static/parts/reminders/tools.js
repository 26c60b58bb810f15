// What may be done with a reminder as it is.
import { html } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { choose } from "../ask.js";
import { reminders as api } from "./api.js";

const LATER = [["10", "In 10 minutes"], ["60", "In an hour"], ["1440", "Tomorrow at this time"]];

export function Tools({ reminder, onDone }) {
  const { id, state, title } = reminder;
  const act = async (promise, words) => {
    const done = await attempt(promise);
    if (done) tell(words(done));
    onDone();
  };
  const snooze = async () => {
    const minutes = await choose({ title: `Say “${title}” again`, text: "When would be better?", options: LATER });
    if (minutes) act(api.snooze(id, Number(minutes)), (done) => `Again on ${done.next_local}.`);
  };
  const runs = state === "active" || state === "paused";
  const canSnooze = reminder.last_fired_at && state !== "paused" && state !== "cancelled";
  if (!runs && !canSnooze) return null;
  return html`<div class="row-tools">
    ${state === "active" && html`<button type="button" class="quiet" aria-label=${`Pause ${title}`} onClick=${() => act(api.pause(id), () => "Paused.")}>Pause</button>`}
    ${state === "paused" && html`<button type="button" class="quiet" aria-label=${`Resume ${title}`} onClick=${() => act(api.resume(id), (done) => `Next on ${done.next_local}.`)}>Resume</button>`}
    ${canSnooze && html`<button type="button" class="quiet" aria-label=${`Snooze ${title}`} onClick=${snooze}>Snooze</button>`}
    ${runs && html`<button type="button" class="quiet" aria-label=${`Cancel ${title}`} onClick=${() => act(api.cancel(id), () => "Cancelled.")}>Cancel</button>`}
  </div>`;
}
