import { html } from "../../app/lib.js";
import { showThoughts, singleKeys, theme } from "../../app/preferences.js";
import { Choice } from "../choice.js";

const THEMES = [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]];

export function Appearance() {
  const toggle = (liked) => (event) => (liked.value = event.target.checked);
  return html`<section class="panel" aria-labelledby="appearance">
    <h2 id="appearance">On this device</h2>
    <${Choice} label="Appearance" options=${THEMES} value=${theme.value} onChoose=${(name) => (theme.value = name)} />
    <label class="check"><input type="checkbox" checked=${showThoughts.value} onChange=${toggle(showThoughts)} />Show a model's thoughts unfolded</label>
    <label class="check"><input type="checkbox" checked=${singleKeys.value} onChange=${toggle(singleKeys)} />Single keys, such as ?, are shortcuts</label>
  </section>`;
}
