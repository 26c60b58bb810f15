// What an answer knew of the person: the memories that its run was shown, and why those.
import { call, enc } from "../app/api.js";
import { html } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { person } from "../app/session.js";
import { day } from "../app/times.js";
import { Loaded, useLoaded } from "./page.js";

const REASONS = {
  pinned: "you pinned it",
  words: "it has words of your question",
  meaning: "it is about what you asked",
  "words and meaning": "it is about what you asked, in the same words",
};
const at = (id) => `memories/${enc(person.peek().id)}/${enc(id)}`;

export function Told({ memories }) {
  const found = useLoaded(() => Promise.all(memories.map(look)), [memories]);
  const forget = async (id) => {
    if (!(await attempt(call("DELETE", at(id)).then(() => true)))) return;
    tell("Forgotten.");
    found.reload();
  };
  return html`<section class="told" aria-label="What it knew of you">
    <h4>What it knew of you</h4>
    <${Loaded} of=${found}>
      ${(all) => html`<ul>
        ${all.map(
          ({ id, because, memory }) => html`<li key=${id}>
            <span>${memory ? memory.text : "Something that was forgotten since."}
              <small>${REASONS[because] ?? because}${memory ? ` · from ${day(memory.said_at)}` : ""}</small></span>
            ${memory && html`<button type="button" class="quiet" onClick=${() => forget(id)}>Forget</button>`}
          </li>`,
        )}
      </ul>
      <a href="#/memory">Everything that is remembered</a>`}
    <//>
  </section>`;
}

async function look({ id, because }) {
  try {
    return { id, because, memory: await call("GET", at(id)) };
  } catch (error) {
    if (error.status !== 404) throw error;
    return { id, because, memory: null };
  }
}
