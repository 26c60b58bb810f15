// A person's own settings: who they are, how the page looks, what may act for them, and the way out.
import { html } from "../app/lib.js";
import { route } from "../app/route.js";
import { leaveHere, person } from "../app/session.js";
import { ThisBrowser } from "../parts/notifications/browser.js";
import { Page } from "../parts/page.js";
import { Appearance } from "../parts/settings/appearance.js";
import { Archive } from "../parts/settings/archive.js";
import { Counting } from "../parts/settings/counting.js";
import { Erasure } from "../parts/settings/erasure.js";
import { Invitations } from "../parts/settings/invitations.js";
import { Keys } from "../parts/settings/keys.js";
import { Model } from "../parts/settings/model.js";
import { Email, Password, Profile } from "../parts/settings/profile.js";
import { Sessions } from "../parts/settings/sessions.js";
import { Wishes } from "../parts/settings/wishes.js";

const isOwner = () => person.value?.role === "owner";

const SECTIONS = [
  { name: "you", title: "You", parts: [Profile, Wishes, Appearance, ThisBrowser, Counting] },
  { name: "model", title: "Model", parts: [Model] },
  { name: "security", title: "Security", parts: [Email, Password, Sessions] },
  { name: "keys", title: "API keys", parts: [Keys] },
  { name: "people", title: "People", parts: [Invitations], when: isOwner },
  { name: "end", title: "Leave", parts: [Archive, Erasure] },
];

export default function Settings() {
  const shown = SECTIONS.filter(({ when }) => !when || when());
  const here = shown.find(({ name }) => name === route.value.rest?.[0]) ?? shown[0];
  const out = html`<button type="button" onClick=${leaveHere}>Sign out</button>`;
  return html`<${Page} title="Settings" kind="narrow" actions=${out}>
    <nav class="tabs" aria-label="Settings">
      ${shown.map(({ name, title }) => html`<a href=${`#/settings/${name}`} aria-current=${name === here.name ? "page" : undefined}>${title}</a>`)}
    </nav>
    ${here.parts.map((Part) => html`<${Part} key=${Part.name} />`)}
  <//>`;
}
