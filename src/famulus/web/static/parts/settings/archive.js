import { open, V1 } from "../../app/api.js";
import { ROOT } from "../../app/connection.js";
import { html, useState } from "../../app/lib.js";
import { Form } from "../form.js";

const EXPORT = `${V1}/users/me/export`;
const NAMES = { conversations: "conversations", messages: "messages", goals: "goals", memories: "memories", files: "files", events: "events", reminders: "reminders" };

/** Everything out, as one file; and in again. */
export function Archive() {
  const [said, say] = useState("");
  const take = async ({ archive }) => {
    if (!archive?.size) throw new Error("Choose the file that was exported.");
    say("");
    const answer = await open(`${V1}/users/me/import`, { method: "POST", raw: archive });
    say(inWords((await answer.json()).data));
  };
  return html`<section class="panel" aria-labelledby="archive">
    <h2 id="archive">Take everything with you</h2>
    <p class="aside">One zip file with your conversations, memories, goals, calendars, reminders and files; nothing in it opens your account.</p>
    <p><a class="button" href=${new URL(EXPORT, ROOT).href} download>Export everything</a></p>
    <${Form} act=${take} action="Import" reset>
      <p class="field">
        <label for="archive-file">Bring it in from another Famulus</label>
        <input id="archive-file" name="archive" type="file" accept=".zip,application/zip" required />
        <small>What is here already stays as it is.</small>
      </p>
    <//>
    <p role="status" class="aside">${said}</p>
  </section>`;
}

function inWords(data) {
  const came = Object.entries(NAMES).filter(([kind]) => data[kind]?.imported);
  if (!came.length) return "Everything in it was here already.";
  return `Imported: ${came.map(([kind, name]) => `${data[kind].imported} ${name}`).join(", ")}.`;
}
