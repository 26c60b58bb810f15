import { me } from "../../app/api.js";
import { html } from "../../app/lib.js";
import { forgetAll } from "../../app/keep.js";
import { person } from "../../app/session.js";
import { Field, Form } from "../form.js";

/** The way out for good. */
export function Erasure() {
  const erase = async ({ word, password }) => {
    if (word.trim().toLowerCase() !== "erase") throw new Error("Write the word erase to confirm.");
    await me.erase(password ? { password } : {});
    forgetAll();
    location.reload();
  };
  return html`<section class="panel" aria-labelledby="erasure">
    <h2 id="erasure">Delete your account</h2>
    <p class="aside">
      Everything of ${person.value?.name || "you"} goes, for ever and at once: conversations, memories, files, plans. Nobody can bring it back.
    </p>
    <${Form} act=${erase} action="Delete everything">
      <div class="fields">
        <${Field} label="Write “erase”" name="word" autocomplete="off" required />
        <${Field} label="Your password" name="password" type="password" autocomplete="current-password" hint="If you have one." />
      </div>
    <//>
  </section>`;
}
