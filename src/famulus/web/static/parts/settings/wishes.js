import { html } from "../../app/lib.js";
import { tell } from "../../app/notices.js";
import { wishes as api } from "../../app/onboarding.js";
import { Form } from "../form.js";
import { Loaded, useLoaded } from "../page.js";
import { WishFields } from "../wishes.js";

/** How the person wants to be answered. */
export function Wishes() {
  const known = useLoaded(api.show);
  const save = async (fields) => {
    known.set(await api.change(fields));
    tell("Saved. New messages are answered like this.");
  };
  return html`<section class="panel" aria-labelledby="wishes">
    <h2 id="wishes">Answers</h2>
    <${Loaded} of=${known}>${(found) => html`<${Form} act=${save} action="Save answers"><${WishFields} wishes=${found} /><//>`}<//>
    <p class="aside"><a href="#/start">The first questions</a> are always there to go through again.</p>
  </section>`;
}
