// How somebody wants to be answered: asked at the beginning, and changed in the settings.
import { html } from "../app/lib.js";
import { Field, TextField } from "./form.js";

export const STYLES = [
  ["balanced", "As it fits"],
  ["brief", "Brief"],
  ["thorough", "Thorough"],
  ["friendly", "Warm"],
  ["formal", "Formal"],
];

export function WishFields({ wishes }) {
  return html`<${Field} label="What do you do?" name="profession" defaultValue=${wishes.profession} maxlength="100" autocomplete="organization-title"
      hint="A nurse, a student, retired: answers can fit that." />
    <fieldset class="styles">
      <legend>How should answers be?</legend>
      ${STYLES.map(
        ([name, words]) => html`<label class="check" key=${name}>
          <input type="radio" name="response_style" value=${name} defaultChecked=${name === (wishes.response_style ?? "balanced")} />${words}
        </label>`,
      )}
    </fieldset>
    <${TextField} label="Anything an assistant should always keep in mind?" name="custom_instructions" rows="3" maxlength="4000"
      defaultValue=${wishes.custom_instructions} placeholder="Use metric units. I am vegetarian." hint="Optional; in your own words." />`;
}
